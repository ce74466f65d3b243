/** Does a bucket keep its word on conditional writes?
 * @module
 */
import type {
  Bucket,
  WriteCondition,
  WriteOutcome,
} from "@flyhot/runtime/bucket";

/** What the probe found. */
export type ProbeOutcome =
  | {
    /** All four writes ended as they had to. */
    readonly status: "honored";
  }
  | {
    /** One did not: two deployers could both hold the lock there. */
    readonly status: "not_honored";
    /** Which one, and how. */
    readonly why: string;
  }
  | {
    /** No clear answer came. */
    readonly status: "unclear";
    /** What came instead. */
    readonly why: string;
  };

/** Writes an object under four conditions of which two hold, and removes it. */
export async function probeConditionalWrites(
  bucket: Bucket,
  key: string,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  try {
    const outcome = await probe(bucket, key, signal);
    await bucket.delete(key);
    return outcome;
  } catch (error) {
    // What went wrong first says more.
    await bucket.delete(key).catch(() => {});
    throw error;
  }
}

async function probe(
  bucket: Bucket,
  key: string,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  // Equal contents would have equal ETags.
  let writes = 0;
  const put = (condition: WriteCondition) =>
    bucket.put(
      key,
      new TextEncoder().encode(`flyhot doctor, write ${++writes} of ${key}\n`),
      condition,
      { signal },
    );
  const created = await put({ ifNoneMatch: "*" });
  if (created.status !== "written") {
    return unlike("creating an object", "written", created);
  }
  const again = await put({ ifNoneMatch: "*" });
  if (again.status !== "lost") {
    return unlike("creating it a second time", "lost", again);
  }
  const ifMatch = created.etag;
  if (ifMatch === "") {
    return { status: "unclear", why: "the server names no ETag" };
  }
  const replaced = await put({ ifMatch });
  if (replaced.status !== "written") {
    return unlike("replacing it by its ETag", "written", replaced);
  }
  const stale = await put({ ifMatch });
  return stale.status === "lost"
    ? { status: "honored" }
    : unlike("replacing it by an ETag it has no more", "lost", stale);
}

function unlike(
  what: string,
  expected: "written" | "lost",
  outcome: WriteOutcome,
): ProbeOutcome {
  switch (outcome.status) {
    case "unknown":
      return { status: "unclear", why: `${what}: ${outcome.reason}` };
    case "unsupported":
      return { status: "not_honored", why: `${what}: ${outcome.reason}` };
    default:
      return {
        status: "not_honored",
        why: expected === "lost"
          ? `${what} was let through`
          : `${what} was refused`,
      };
  }
}
