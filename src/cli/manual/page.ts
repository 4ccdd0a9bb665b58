import type { z } from 'zod';
import type { ExitCode } from '../exit-codes.ts';

/** A command line that works, and what for. */
export interface Example {
  readonly run: string;
  readonly says: string;
}

/** What the manual says of a command beside what its definition says. */
export interface ManualPage {
  /** What there is to know, in paragraphs; Markdown as far as `code` and links go. */
  readonly about?: readonly string[];
  /** Two or three that tell most; those of a group tell what the group is for. */
  readonly examples: readonly Example[];
  /** Only those that mean more here than everywhere. */
  readonly exits?: Partial<Record<ExitCode, string>>;
  /** Whether it only looks: nobody is asked who they are, and nothing is lost when it ends early. */
  readonly reads?: true;
  /** What it prints with `--json`. */
  readonly json?: z.ZodType;
}

/** Pages by the path of the command, without `esteira`: `topics plan`. */
export type ManualPages = Readonly<Record<string, ManualPage>>;
