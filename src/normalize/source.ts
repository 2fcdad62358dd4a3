/**
 * What a source is: how to recognise one kind of log and how to map it to ECS. One folder per source under
 * `content/sources/<name>/` with `source.ts` (default export made by `defineSource`), `samples.log` (or `.ndjson`)
 * and `expected.json` (golden). Sources are found by a folder scan; nothing else names them.
 */
import type { EventFields } from '../model/event.ts';
import type { Tokens } from './tokens.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** A decoded record as a source sees it. */
export type SourceInput = {
  /** Text after the envelope: the syslog MSG, the journal's MESSAGE, the whole line, or a JSON document's text. */
  readonly message: string;
  /** Program from the envelope (`sshd`), '' where there is none. */
  readonly program: string;
  /** The document where the record (or the envelope's message) is a JSON object; own keys only, null prototype. */
  readonly json: JsonObject | undefined;
  /** Receive time, microseconds: for year-less stamps. */
  readonly ingested: number;
  /** IANA zone for stamps without one. */
  readonly zone: string;
};

/** How a source is found without trying all of them in turn. Any one of the listed ways is enough to be asked. */
export type Recognise = {
  /** Programs of the syslog/journal envelope, lower case, exact. */
  readonly programs?: readonly string[];
  /** Literal text that the message starts with. */
  readonly prefixes?: readonly string[];
  /** Top-level JSON keys that are all present. */
  readonly jsonKeys?: readonly (readonly string[])[];
  /** Parts of the path of a tailed or imported file (`/nginx/`); asked before the sniffers. */
  readonly paths?: readonly string[];
  /** For lines without envelope or prefix: asked last, in order of name; cheap test on the first bytes. */
  readonly sniff?: (message: string) => boolean;
};

/** `no`: not mine after all (the next candidate is asked). `partial`: recognised, not understood further. */
export type ParseOutcome = 'parsed' | 'partial' | 'no';

export type SourceSpec = {
  readonly name: string;
  readonly version: number;
  readonly title: string;
  readonly recognise: Recognise;
  /**
   * Maps the input into `out`. May set `@timestamp` by calling `out.setOurs('@timestamp', micros)`; sets `message`
   * where a human-readable text exists. Must not throw on any input (a throw quarantines the event and is counted).
   */
  readonly parse: (input: SourceInput, out: EventFields) => ParseOutcome;
  /**
   * As `parse`, for a flat JSON document of which only the fields that are asked for are made. Undefined where the plain way
   * has to be taken (then `out` is thrown away); otherwise the fields are those of `parse` (held by `quick.prop.test.ts`).
   */
  readonly fromTokens?: (doc: Tokens, out: EventFields) => ParseOutcome | undefined;
};

export const defineSource = (spec: SourceSpec): SourceSpec => spec;
