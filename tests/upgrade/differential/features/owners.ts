/** Pieces for releases that ask for rebinding: instances of a class that changes are held by instances of another one, and these
 * by whoever has made them.
 * @module
 */
import type { Feature, Params } from "../program/model.ts";
import { asked, commonEdits, commonParams, word } from "./imports.ts";

/** How a module holds items: each finds one, or puts one there. */
const OWNERS: Readonly<Record<string, string>> = {
  "map":
    `export class Owner { all = new Map<number, any>(); item(x: number): any { if (!this.all.has(x)) this.all.set(x, new Item(x)); return this.all.get(x); } }\n`,
  "variable":
    `export class Owner { all = new Map<number, any>(); item(x: number): any { const known = this.all.get(x); if (known) return known; const item = new Item(x); this.all.set(x, item); return item; } }\n`,
  "list":
    `export class Owner { all: any[] = []; item(x: number): any { let at = this.all.findIndex((it) => it.x === x); if (at < 0) at = this.all.push(new Item(x)) - 1; return this.all[at]; } }\n`,
  "key":
    `export class Owner { all: any = {}; item(x: number): any { this.all[x] ??= new Item(x); return this.all[x]; } }\n`,
  "field":
    `export class Owner { one: any; item(x: number): any { this.one ??= new Item(x); return this.one; } }\n`,
  "private":
    `export class Owner { #all = new Map<number, any>(); item(x: number): any { if (!this.#all.has(x)) this.#all.set(x, new Item(x)); return this.#all.get(x); } }\n`,
  "constructor":
    `export class Owner { first: any; constructor() { this.first = new Item(1); } item(_x: number): any { return this.first; } }\n`,
  "two":
    `export class Owner { all = new Map<number, any>(); add(x: number): void { this.all.set(x, new Item(x)); } item(x: number): any { if (!this.all.has(x)) this.add(x); return new Finder().find(this.all, x); } }\nclass Finder { find(all: Map<number, any>, x: number): any { return all.get(x); } }\n`,
  "function":
    `export class Owner { all = new Map<number, any>(); item(x: number): any { if (!this.all.has(x)) this.all.set(x, new Item(x)); return find(this, x); } }\nexport const find = (owner: Owner, x: number): any => owner.all.get(x);\n`,
  "module":
    `const all = new Map<number, any>();\nexport class Owner { item(x: number): any { if (!all.has(x)) all.set(x, new Item(x)); return all.get(x); } }\n`,
  "memo":
    `let last: any;\nexport class Owner { all = new Map<number, any>(); item(x: number): any { if (!this.all.has(x)) this.all.set(x, last ??= new Item(x)); return this.all.get(x); } }\n`,
  "static":
    `export class Owner { static all = new Map<number, any>(); item(x: number): any { if (!Owner.all.has(x)) Owner.all.set(x, new Item(x)); return Owner.all.get(x); } }\n`,
  "given":
    `const shared = new Map<number, any>();\nexport class Owner { all = shared; item(x: number): any { if (!this.all.has(x)) this.all.set(x, new Item(x)); return this.all.get(x); } }\n`,
  "closure":
    `export class Owner { find: any = null; item(x: number): any { if (!this.find) { const item = new Item(x); this.find = () => item; } return this.find(); } }\n`,
  "itself":
    `const owners: any[] = [];\nexport class Owner { all = new Map<number, any>(); item(x: number): any { if (owners.length === 0) owners.push(this); const { all } = owners[0]; if (!all.has(x)) all.set(x, new Item(x)); return all.get(x); } }\n`,
};

/** How another module has one. */
const USERS: Readonly<Record<string, string>> = {
  "top": `const owner = new Owner();\nconst get = () => owner;\n`,
  "late": `let owner: any;\nconst get = () => owner ??= new Owner();\n`,
  "each": `const get = () => new Owner();\n`,
  "local":
    `function make() { const owner = new Owner(); return () => owner; }\nconst get = make();\n`,
  "inside":
    `class Box { owner: any = new Owner(); }\nconst box = new Box();\nconst get = () => box.owner;\n`,
  "weak":
    `const key = {};\nconst owners = new WeakMap<object, any>();\nconst get = () => { if (!owners.has(key)) owners.set(key, new Owner()); return owners.get(key); };\n`,
  "list":
    `const owners: any[] = [];\nconst get = () => { if (owners.length === 0) owners.push(new Owner()); return owners[0]; };\n`,
  "sub":
    `class Sub extends Owner {}\nlet owner: any;\nconst get = () => owner ??= new Sub();\n`,
};

/** How what a user has gets to who asks. */
const WAYS = ["straight", "boxed", "barrel", "shelf"] as const;

const READ = (top: string) =>
  `export const read = (x: number) => "${top}/" + get().item(x).give(x);\n`;

const using = (id: string, params: Params): Record<string, string> => {
  // Functions of one text are not told from each other.
  const user = USERS[String(params.user)]!.replace(
    /\b(?:owners?|box)\b/g,
    (name) => `${id}_${name}`,
  );
  const read = READ(String(params.top));
  switch (params.way) {
    case "boxed":
      return {
        [`${id}_box.ts`]:
          `import { Owner as Inner } from "./${id}_owner.ts";\nexport class Owner { inner: any; item(x: number): any { this.inner ??= new Inner(); return this.inner.item(x); } }\n`,
        [`${id}.ts`]: `import { Owner } from "./${id}_box.ts";\n${user}${read}`,
      };
    case "barrel":
      return {
        [`${id}_barrel.ts`]: `export * from "./${id}_owner.ts";\n`,
        [`${id}.ts`]:
          `import { Owner } from "./${id}_barrel.ts";\n${user}${read}`,
      };
    case "shelf":
      return {
        [`${id}_shelf.ts`]:
          `let held: any;\nexport const hold = (it: any) => held ??= it;\nexport const shown = (x: number) => held.item(x).give(x);\n`,
        [`${id}.ts`]:
          `import { Owner } from "./${id}_owner.ts";\nimport { hold, shown } from "./${id}_shelf.ts";\n${user}export const read = (x: number) => { hold(get()); return "${params.top}/" + shown(x); };\n`,
      };
  }
  return {
    [`${id}.ts`]: `import { Owner } from "./${id}_owner.ts";\n${user}${read}`,
  };
};

const itemModule = (params: Params): string =>
  `// note ${params.note}\nexport class Item {\n${
    params.secret ? `  #told = ${params.secret};\n` : ""
  }${params.field ? `  tone = ${params.field};\n` : ""}${
    params.arrow ? `  say = (x: number): string => "${params.word}" + x;\n` : ""
  }  constructor(readonly x: number) {${
    params.made ? ` this.y = x + ${params.step};` : ""
  }}\n${
    params.made ? `  y: number;\n` : ""
  }  give(x: number): string { return "${params.word}" + (x + ${params.step})${
    params.secret ? " + this.#told" : ""
  }${params.field ? " + this.tone" : ""}${
    params.arrow ? " + this.say(x)" : ""
  }${params.made ? " + (this.y - this.x)" : ""}; }\n}\n`;

/** Instances of a class that changes inside of instances of another. */
export const owned: Feature = {
  kind: "owned",
  weight: 10,
  draw: (random) => ({
    ...commonParams(random),
    owner: random.pick(Object.keys(OWNERS)),
    user: random.pick(Object.keys(USERS)),
    way: random.pick(WAYS),
    top: word(random),
    secret: random.chance(0.3) ? random.integer(1, 9) : 0,
    field: random.chance(0.3) ? random.integer(1, 9) : 0,
    arrow: random.chance(0.2),
    made: random.chance(0.2),
  }),
  render: (id, params) => ({
    files: {
      [`${id}_item.ts`]: itemModule(params),
      [`${id}_owner.ts`]: `import { Item } from "./${id}_item.ts";\n${OWNERS[
        String(params.owner)
      ]!}`,
      ...using(id, params),
    },
    entry: `${id}.ts`,
    exports: ["read"],
    probes: [asked(`${id}_read`, 3)],
    startsAnew: [
      ...["owner", "owners", "box"].map((it) => `${id}.ts#${id}_${it}`),
      `${id}.ts#make.${id}_owner`,
      ...["all", "last", "shared", "owners", "Owner.all"].map((it) =>
        `${id}_owner.ts#${it}`
      ),
      `${id}_shelf.ts#held`,
    ],
  }),
  edits: {
    ...commonEdits,
    secret: [3, (params, random) => ({
      ...params,
      secret: random.integer(0, 3),
    })],
    field: [
      2,
      (params, random) => ({ ...params, field: random.integer(0, 3) }),
    ],
    arrow: [1, (params) => ({ ...params, arrow: !params.arrow })],
    made: [1, (params) => ({ ...params, made: !params.made })],
    top: [2, (params, random) => ({ ...params, top: word(random) })],
  },
};
