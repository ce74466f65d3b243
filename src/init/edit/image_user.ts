/** The user whom an image runs as, who must own what upgrades lay new files over.
 * @module
 */
import { lastStage } from "../../config/files/image_start.ts";
import type { TextEdit } from "./text_edits.ts";

/** The user that an image runs as who is not root: its name, and the line that says so. */
export function userOf(dockerfile: string) {
  const user = lastStage(dockerfile).findLast(({ name }) => name === "USER");
  const name = user?.rest.split(":")[0]?.trim() ?? "root";
  return user && name !== "root" && name !== "0"
    ? { name, line: user.line, start: user.start }
    : null;
}

/** What it takes for the user of an image to own the app. */
interface OwnerTrouble {
  readonly edits: readonly TextEdit[];
  readonly notes: readonly string[];
  /** Whether the app's folder itself is theirs then: new files are written into it. */
  readonly ownsFolder: boolean;
}

/** A user who owns none of the app's files, nor their folder, cannot lay new ones over them. */
export function ownerTrouble(dockerfile: string, path: string): OwnerTrouble {
  const stage = lastStage(dockerfile);
  const user = userOf(dockerfile);
  if (!user) return { edits: [], notes: [], ownsFolder: true };
  const { name } = user;
  const isHandedOver = stage.some((it) =>
    it.name === "RUN" && /\bchown\b/.test(it.rest)
  );
  if (name.startsWith("$") || isHandedOver) {
    return { edits: [], notes: [], ownsFolder: isHandedOver };
  }
  const copies = stage.filter((it) =>
    (it.name === "COPY" || it.name === "ADD") && !/--chown=/.test(it.rest)
  );
  const edits: TextEdit[] = copies.map((it) => {
    const at = it.start + it.name.length;
    return { start: at, end: at, text: ` --chown=${name}:${name}` };
  });
  // COPY --chown leaves a folder as it is that is there already; one that WORKDIR makes belongs to the USER by then.
  const folder = stage.findLast((it) => it.name === "WORKDIR");
  const isBare = /distroless/.test(
    stage.find((it) => it.name === "FROM")?.rest ?? "",
  );
  const firstUser = stage.find((it) => it.name === "USER")!;
  const isRoots = folder !== undefined && folder.start < firstUser.start;
  if (isRoots && !isBare) {
    edits.push({
      start: firstUser.start,
      end: firstUser.start,
      text: `RUN chown ${name}:${name} ${folder.rest.trim()}\n`,
    });
  }
  return {
    edits,
    notes: edits.length === 0 ? [] : [
      `the app runs as ${name} (${path}:${user.line}), who must own its files and their folder so that upgrades can lay new ones over them: COPY --chown${
        isRoots && !isBare ? ", RUN chown" : ""
      }`,
      ...isRoots && isBare
        ? [
          `the folder ${folder.rest.trim()} itself stays root's, and this image has nothing to change that with: files right in it cannot be laid over; copy the app into a folder further down, which COPY --chown makes`,
        ]
        : [],
    ],
    ownsFolder: folder !== undefined && (!isRoots || !isBare),
  };
}
