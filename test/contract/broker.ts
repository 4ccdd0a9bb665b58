import { describe } from 'vitest';
import { describeAdministering } from './broker/administering.ts';
import { BrokerBench } from './broker/bench.ts';
import { describeClosing } from './broker/closing.ts';
import { describeConsuming } from './broker/consuming.ts';
import type { BrokerFixture } from './broker/fixture.ts';
import { describePosting } from './broker/posting.ts';
import { describeProducing } from './broker/producing.ts';
import { describeRefusing } from './broker/refusing.ts';
import { describeSharing } from './broker/sharing.ts';

export type { BrokerFeatures, BrokerFixture, Feature } from './broker/fixture.ts';

/** What src/core/ports/broker.ts promises, shown on one adapter. */
export const describeBroker = (name: string, fixture: BrokerFixture): void => {
  describe(`the broker port on ${name}`, () => {
    const bench = new BrokerBench(fixture);
    describeProducing(bench);
    describePosting(bench);
    describeRefusing(bench);
    describeConsuming(bench);
    describeSharing(bench);
    describeAdministering(bench);
    describeClosing(bench);
  });
};
