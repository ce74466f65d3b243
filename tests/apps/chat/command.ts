/** Who is on a socket. */
export interface Visitor {
  readonly room: string;
  readonly name: string;
}

/** What a line with a slash does; what it returns is for its author alone. */
export type Command = (
  visitor: Visitor,
  rest: string,
) => string | null | Promise<string | null>;
