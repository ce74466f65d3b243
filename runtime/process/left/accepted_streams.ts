/** What is read from the connections that the app accepts: they are known by themselves, and stay with the code that has
 * accepted them.
 *
 * @module
 */

const accepted = new WeakSet<object>();
const streams = new WeakSet<object>();
const seen = new WeakSet<object>();

/** Notes a connection that code has accepted. */
export function noteAccepted(connection: Deno.Conn): void {
  accepted.add(connection);
  const owner = ownerOf(connection, "readable");
  if (!owner || seen.has(owner)) return;
  seen.add(owner);
  const about = Object.getOwnPropertyDescriptor(owner, "readable");
  const { get } = about ?? {};
  if (!get) return;
  // Most connections are never asked for a stream.
  Object.defineProperty(owner, "readable", {
    ...about,
    get(this: object) {
      const stream = get.call(this);
      if (accepted.has(this)) streams.add(stream);
      return stream;
    },
  });
}

/** Whether a stream is of a connection that the app has accepted. */
export function isOfAccepted(stream: object): boolean {
  return streams.has(stream);
}

/** Notes what comes of such a stream: another one, or two. */
export function leadsFrom(stream: object, to: unknown): void {
  if (!streams.has(stream)) return;
  for (const it of Array.isArray(to) ? to : [to]) {
    if (it instanceof ReadableStream) streams.add(it);
  }
}

/** What an object has a property from; null where it has none. */
export function ownerOf(object: object, key: PropertyKey): object | null {
  let owner: object | null = object;
  while (owner && !Object.hasOwn(owner, key)) {
    owner = Object.getPrototypeOf(owner);
  }
  return owner;
}
