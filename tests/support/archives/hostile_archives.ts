/** Archives that nobody means well with, made from a seed.
 * @module
 */
import { Dice } from "../dice.ts";
import {
  bytesOf,
  concat,
  gzip,
  manifestEntry,
  manifestOf,
  sha256,
  tar,
  type TarEntry,
  tarEntry,
} from "./tar.ts";

/** One archive. */
export interface HostileArchive {
  /** What is wrong with it. */
  readonly what: string;
  /** Its bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it has to be refused; else it may be taken, whole. */
  readonly refused: boolean;
}

const OUTSIDE = [
  "../evil.ts",
  "a/../../evil.ts",
  "/etc/evil.ts",
  "./evil.ts",
  "a//evil.ts",
  "",
  "..",
  "C:\\evil.ts",
  "a\\..\\evil.ts",
  "a\0b",
  "a\nb",
  "\u0085",
  "a/..",
  "..\u202e/evil.ts/..",
] as const;
const TWINS = [
  ["App.ts", "app.ts"],
  ["\u00e4.ts", "a\u0308.ts"],
  ["\u212a.ts", "k.ts"],
  ["a/B.ts", "A/b.ts"],
  ["\u00c5", "A\u030a"],
] as const;
const SIZES = [
  "-0000000001 ",
  "77777777777 ",
  "zzzzzzzzzzz ",
  "           0",
  "00000000003\0",
  "0x000000003 ",
  "99999999999 ",
  "\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
  "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
  "            ",
] as const;
const TYPES = [
  "1",
  "2",
  "3",
  "4",
  "5",
  "6",
  "7",
  "x",
  "g",
  "L",
  "K",
  "S",
  "V",
  "\u007f",
] as const;

type Maker = (dice: Dice) => Omit<HostileArchive, "what">;

const archive = (
  files: Readonly<Record<string, string>>,
  ...more: readonly TarEntry[]
) => tar([manifestEntry(manifestOf(files)), ...more]);

const good = (dice: Dice): Record<string, string> =>
  Object.fromEntries(
    Array.from({ length: 1 + dice.below(4) }, (_, index) => [
      `f${index}/${"d/".repeat(dice.below(3))}x.ts`,
      "x".repeat(dice.below(3000)),
    ]),
  );

const entriesOf = (files: Readonly<Record<string, string>>): TarEntry[] =>
  Object.entries(files).map(([path, content]) => ({ path, content }));

const MAKERS: Readonly<Record<string, Maker>> = {
  "cut off somewhere"(dice) {
    const files = good(dice);
    const whole = gzip(archive(files, ...entriesOf(files)));
    return { bytes: whole.slice(0, dice.below(whole.length)), refused: true };
  },
  "cut off before compression"(dice) {
    const files = { ...good(dice), "z.ts": "x".repeat(2000) };
    const whole = archive(files, ...entriesOf(files));
    return {
      bytes: gzip(whole.slice(0, dice.below(whole.length - 1024))),
      refused: true,
    };
  },
  "a bit turned"(dice) {
    const files = good(dice);
    const whole = gzip(archive(files, ...entriesOf(files)));
    const at = dice.below(whole.length);
    whole[at] = whole[at]! ^ (1 << dice.below(8));
    // The first bytes of gzip say little that matters.
    return { bytes: whole, refused: false };
  },
  "not gzip"(dice) {
    const bytes = crypto.getRandomValues(new Uint8Array(dice.below(4000)));
    bytes[0] = 0;
    return { bytes, refused: true };
  },
  "noise inside gzip"(dice) {
    const noise = new Uint8Array(512 * (1 + dice.below(6)));
    noise.forEach((_, at) => noise[at] = 1 + dice.below(255));
    return { bytes: gzip(noise), refused: true };
  },
  "a path that leads outside"(dice) {
    const path = dice.pick(OUTSIDE);
    return {
      bytes: gzip(archive({}, { path, content: "evil" })),
      refused: true,
    };
  },
  "a path outside that the manifest names"(dice) {
    const path = dice.pick(OUTSIDE);
    return {
      bytes: gzip(archive({ [path]: "evil" }, { path, content: "evil" })),
      refused: true,
    };
  },
  "a path outside by its prefix"(dice) {
    return {
      bytes: gzip(archive({}, {
        path: "evil.ts",
        prefix: dice.pick(["..", "/etc", "a/..", ".", "a/../.."]),
        content: "evil",
      })),
      refused: true,
    };
  },
  "a link or device"(dice) {
    const type = dice.pick(TYPES);
    const linkname = dice.pick(["/etc/passwd", "../..", "a.ts", ""]);
    const entry = { path: "a.ts", type, linkname, content: "" };
    return { bytes: gzip(archive({ "a.ts": "" }, entry)), refused: true };
  },
  "a link, then a file through it"(dice) {
    const type = dice.pick(["1", "2"]);
    return {
      bytes: gzip(archive(
        { "d": "", "d/evil.ts": "evil" },
        { path: "d", type, linkname: "/tmp" },
        { path: "d/evil.ts", content: "evil" },
      )),
      refused: true,
    };
  },
  "an extended header"(dice) {
    const record = dice.pick([
      "30 path=../../../../tmp/evil\n",
      "20 size=99999999999\n",
      "19 linkpath=/etc/x\n",
      "999999999 path=x\n",
      "-1 path=x\n",
      "path=x\n",
    ]);
    return {
      bytes: gzip(archive(
        { "a.ts": "a" },
        {
          path: "PaxHeader",
          type: dice.pick(["x", "g", "L"]),
          content: record,
        },
        { path: "a.ts", content: "a" },
      )),
      refused: true,
    };
  },
  "a file where a folder is"(dice) {
    const pair: TarEntry[] = [
      { path: "a", content: "1" },
      { path: "a/b", content: "2" },
    ];
    return {
      bytes: gzip(archive(
        { "a": "1", "a/b": "2" },
        ...(dice.random() < 0.5 ? pair : pair.reverse()),
      )),
      refused: true,
    };
  },
  "two names that some disks take for one"(dice) {
    const [one, two] = dice.pick(TWINS);
    return {
      bytes: gzip(archive(
        { [one]: "1", [two]: "2" },
        { path: one, content: "1" },
        { path: two, content: "2" },
      )),
      refused: true,
    };
  },
  "a name twice"() {
    return {
      bytes: gzip(archive(
        { "a.ts": "1" },
        { path: "a.ts", content: "1" },
        { path: "a.ts", content: "1" },
      )),
      refused: true,
    };
  },
  "a second manifest"() {
    const manifest = manifestOf({ "a.ts": "1" });
    return {
      bytes: gzip(tar([manifestEntry(manifest), manifestEntry(manifest)])),
      refused: true,
    };
  },
  "another manifest than the protocol's"(dice) {
    const manifest = dice.pick<unknown>([
      null,
      [],
      {},
      "x",
      { ...manifestOf({}), protocol: 2 },
      {
        ...manifestOf({}),
        files: { "a.ts": { sha256: "x", size: 1, kind: "asset" } },
      },
      {
        ...manifestOf({}),
        files: { "../a.ts": { sha256: sha256(""), size: 0, kind: "asset" } },
      },
      { ...manifestOf({}), modules: { "a.ts": 1 } },
    ]);
    return { bytes: gzip(tar([manifestEntry(manifest)])), refused: true };
  },
  "a manifest without end"(dice) {
    const text = dice.pick(["[", '{"a":', '"', "[[1],"]).repeat(50_000);
    return {
      bytes: gzip(tar([{ path: "flyhot.json", content: text }])),
      refused: true,
    };
  },
  "no manifest first"(dice) {
    const files = good(dice);
    return { bytes: gzip(tar(entriesOf(files))), refused: true };
  },
  "a wrong digest"(dice) {
    const files = good(dice);
    const [path] = Object.keys(files);
    const manifest = manifestOf({ ...files, [path!]: `${files[path!]}y` });
    const entries = entriesOf(files);
    return {
      bytes: gzip(tar([manifestEntry(manifest), ...entries])),
      refused: true,
    };
  },
  "the right length and other bytes"(dice) {
    const length = 1 + dice.below(2000);
    const manifest = manifestEntry(manifestOf({ "a.ts": "a".repeat(length) }));
    const entry = { path: "a.ts", content: "b".repeat(length) };
    return { bytes: gzip(tar([manifest, entry])), refused: true };
  },
  "a size that is none"(dice) {
    const rawSize = dice.pick(SIZES);
    const [path, content] = ["a.ts", "abcd"];
    const bytes = gzip(
      archive({ [path]: content }, { path, content, rawSize }),
    );
    return { bytes, refused: true };
  },
  "a manifest that claims another size"(dice) {
    const manifest = manifestOf({ "a.ts": "abc" });
    const size = dice.pick([-1, 0, 2, 4, 1.5, 1e308, 2 ** 53, null, "3"]);
    (manifest.files as Record<string, Record<string, unknown>>)["a.ts"]!.size =
      size;
    const entry = { path: "a.ts", content: "abc" };
    return {
      bytes: gzip(tar([manifestEntry(manifest), entry])),
      refused: true,
    };
  },
  "a bad checksum"(dice) {
    const files = good(dice);
    const [first, ...rest] = entriesOf(files);
    const broken = { ...first!, checksumOff: 1 + dice.below(100) };
    return { bytes: gzip(archive(files, broken, ...rest)), refused: true };
  },
  "a file that nobody named"() {
    const entry = { path: "evil.ts", content: "evil" };
    return { bytes: gzip(archive({}, entry)), refused: true };
  },
  "a file that is missing"(dice) {
    return { bytes: gzip(archive(good(dice))), refused: true };
  },
  "a name that is not UTF-8"(dice) {
    const path = Uint8Array.of(0x61, 0x80 + dice.below(64), 0xff, 0x2f, 0xc0);
    return { bytes: gzip(archive({}, { path, content: "" })), refused: true };
  },
  "a very long name"(dice) {
    const path = "n".repeat(90);
    const prefix = "p/".repeat(77);
    const name = `${prefix}/${path}`;
    const wanted = dice.random() < 0.5 ? name : `${name}x`;
    return {
      bytes: gzip(archive({ [wanted]: "" }, { path, prefix, content: "" })),
      refused: true,
    };
  },
  "a bomb"(dice) {
    const size = (8 + dice.below(8)) * 1024 * 1024;
    const manifest = manifestEntry(manifestOf({ "a.ts": "" }));
    const bomb = { path: "a.ts", content: new Uint8Array(size) };
    return { bytes: gzip(tar([manifest, bomb])), refused: true };
  },
  "something behind the end"(dice) {
    const files = good(dice);
    const whole = archive(files, ...entriesOf(files));
    const more = tarEntry({ path: "evil.ts", content: "evil" });
    return { bytes: gzip(concat([whole, more])), refused: false };
  },
  "a second gzip member"(dice) {
    const files = good(dice);
    const whole = gzip(archive(files, ...entriesOf(files)));
    const more = gzip(tar([{ path: "evil.ts", content: "evil" }]));
    return { bytes: concat([whole, more]), refused: false };
  },
  "empty"(dice) {
    const bytes = dice.pick([
      new Uint8Array(),
      gzip(new Uint8Array()),
      gzip(new Uint8Array(512)),
      gzip(new Uint8Array(1024)),
      gzip(bytesOf("\n")),
    ]);
    return { bytes, refused: true };
  },
};

/** Makes archives, each kind as often as the others. */
export function* hostileArchives(
  count: number,
  from = 0,
): Generator<HostileArchive> {
  const makers = Object.entries(MAKERS);
  for (let seed = from; seed < from + count; seed++) {
    const [what, make] = makers[seed % makers.length]!;
    yield { what: `${what} (seed ${seed})`, ...make(new Dice(seed)) };
  }
}
