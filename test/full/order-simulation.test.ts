import { test } from 'vitest';
import { expectUnbroken } from '../simulation/broken.ts';

// The same histories as test/simulation/order.test.ts, other seeds: 100,000 of them, 10,000 with late timers, and 10,000
// in which operators replay held keys.
const RANGES = Array.from({ length: 50 }, (_, i) => 1_000_000 + i * 1_000);

test.each(RANGES)(
  '1,000 histories from seed %i keep all promises',
  (from) => {
    expectUnbroken(from, from + 999, { losses: false });
  },
  180_000,
);

test.each(RANGES)(
  '1,000 histories from seed %i, with lost data, keep order and lose nothing',
  (from) => {
    expectUnbroken(from, from + 999, { losses: true });
  },
  180_000,
);

test.each(RANGES.slice(0, 5))(
  '2,000 histories from seed %i with late timers keep all promises, half of them with lost data',
  (from) => {
    expectUnbroken(from, from + 999, { losses: false, lateTimers: true });
    expectUnbroken(from, from + 999, { losses: true, lateTimers: true });
  },
  360_000,
);

test.each(RANGES.slice(0, 5))(
  '2,000 histories from seed %i with replays of held keys keep all promises, half of them with lost data',
  (from) => {
    expectUnbroken(from, from + 999, { losses: false, replays: true });
    expectUnbroken(from, from + 999, { losses: true, replays: true });
  },
  360_000,
);
