/** Trouble on demand: what the sandbox's servers can be told to do wrong.
 * @module
 */

/** A request as a fault hook sees it, before it is looked at. */
export interface FaultRequest {
  /** Which server it came to. */
  readonly service: "s3" | "machines";
  readonly method: string;
  /** The path, decoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** How many requests this server has had, this one included. */
  readonly count: number;
}

/**
 * What to do with a request instead of answering it well.
 *
 * `lose_request` breaks the connection before anything is done; `lose_answer` does it, then breaks the connection, so that
 * the client cannot know. Both put a byte on the wire that is not HTTP, because Deno's `fetch` silently sends any request
 * once more, a PUT or POST too, when a connection that was in use before closes without a byte of an answer. `cut_answer`
 * does it and closes just so: the request may come, and be done, twice. `error500` and `slow_down` (503) answer so without
 * doing it; `delayMs` waits first, then does it.
 */
export type Fault =
  | "lose_request"
  | "lose_answer"
  | "cut_answer"
  | "error500"
  | "slow_down"
  | { readonly delayMs: number };

/** Decides about every request; undefined lets it pass. */
export type FaultHook = (request: FaultRequest) => Fault | undefined;
