/** What is done with an ordinary app at each of its versions, and what should become of it.
 * @module
 */

/** A request. */
export interface Exchange {
  readonly method?: "GET" | "POST" | "PATCH";
  readonly path: string;
  readonly body?: unknown;
  /** The first version that it is sent to. Default 1. */
  readonly from?: number;
}

/** A client with an open connection that never stops talking. */
export interface Talker extends AsyncDisposable {
  /** What should not have happened to its connection. */
  readonly failures: readonly string[];
  /** How often it had an answer to its small talk. */
  readonly answers: number;
  /** How often the server asked it to connect again, as deno.json says that it may. */
  readonly reconnects: number;
  /** Says something that shows what code is at the other end, and returns what it heard. */
  converse(version: number): Promise<string[]>;
  /** Fulfilled once it is connected, again where it was asked to. */
  settled(): Promise<void>;
}

/** How an upgrade should end. */
export type Expected =
  | {
    readonly state: "applied" | "nothing_to_do";
    /** The modules that are evaluated again. Default: not looked at. */
    readonly reloaded?: readonly string[];
  }
  | {
    readonly state: "refused";
    /** The file, the line and the name that the refusal begins with, as in `rooms.ts:12 rooms: `. */
    readonly at: string;
  };

/** An app and its life. */
export interface Story {
  /** The folder under this one. */
  readonly name: string;
  /** How many versions it has. */
  readonly versions: number;
  /** What it needs from npm, over all versions. */
  readonly packages: readonly string[];
  /** How it is started. */
  readonly by: "preload" | "serve";
  /** What changes its state, at every version; `{v}` in it stands for the version. */
  readonly acts: readonly Exchange[];
  /** What is asked before and after every upgrade; changes nothing. */
  readonly questions: readonly string[];
  /** What is asked all the time. */
  readonly load: readonly string[];
  /** Connects a client that stays. */
  readonly talk: (url: string) => Promise<Talker>;
  /** What should become of each version; those that are not named are applied. */
  readonly expected: Readonly<Record<number, Expected>>;
}
