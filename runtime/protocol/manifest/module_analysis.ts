/** What one module does, as far as its text tells: imports, exports, what runs while it is evaluated, what state it has.
 * @module
 */
import type { RebindFacts } from "./rebind_facts.ts";
import type { NameRef, ValueKind } from "./value_kinds.ts";
import type { ChangeOfGiven, GivenValue } from "./given_facts.ts";
import type { OwnedFact, PacingFact } from "./owned_facts.ts";

export { type NameRef, VALUE_KINDS, type ValueKind } from "./value_kinds.ts";

/** One import, re-export or `import()` of a module; what only serves types is none. */
export interface ImportFact {
  /** The specifier as written. */
  readonly specifier: string;
  /** Where, 1-based. */
  readonly line: number;
  /** Exported names taken: `default`, `*` for the namespace, or a name; none for `import "./x.ts"`. */
  readonly names?: readonly string[];
  /** The local name of each of `names`; empty text for one that only passes through. */
  readonly locals?: readonly string[];
  /** True for `import()`: it is evaluated when the code around it runs. */
  readonly dynamic?: boolean;
}

/** One use of something imported. */
export interface Touch {
  /** The specifier of the import. */
  readonly specifier: string;
  /** The exported name; `*` for the namespace as a whole. */
  readonly name: string;
  /** What happens to it in the end; `member` tells the way there. */
  readonly how:
    | "call"
    | "construct"
    | "method"
    | "pass"
    | "write"
    | "read"
    | "extend";
  /** The members on the way, joined by dots: `get().push()`; `[]` for a computed one, `new()` for an instance of it. */
  readonly member?: string;
  /** The name of the event that is listened to, or happens. */
  readonly event?: string;
  /** Where, 1-based, in the source as written. */
  readonly line: number;
  /** Where, 1-based. */
  readonly column: number;
  /** What functions passed along would do, if they were called at once. */
  readonly callbacks?: Effects;
  /** For people, what of it is read to make something of: `get()`, `.size`, of all that it holds `...`; none for none. */
  readonly derived?: readonly string[];
}

/** What running some code does beyond its own locals. */
export interface Effects {
  /** What it does with imports: places in {@linkcode ModuleAnalysis.touches}. */
  readonly touches?: readonly number[];
  /** The object-valued variables of its own module that it changes, hands out or calls methods of. */
  readonly state?: readonly string[];
  /** The variables of its own module whose content it makes something of. */
  readonly reads?: readonly string[];
  /** True if it calls functions that were put into what its module or an instance holds. */
  readonly held?: boolean;
  /** True if it calls functions that are passed to it. */
  readonly callsBack?: boolean;
  /** What the functions in its result would do, beyond that. */
  readonly made?: Effects;
}

/** What one export, or one field of an exported object, is. */
export interface ExportFact {
  /** What it holds. */
  readonly kind: ValueKind;
  /** The local name, where there is one. */
  readonly local?: string;
  /** Where it is declared; for what can be changed. */
  readonly line?: number;
  /** Where it is declared. */
  readonly column?: number;
  /** Of an `instance`: of which class. Of an `unknown`: the imported function that made it. */
  readonly of?: NameRef;
  /** Of a `re-export`: where it comes from. */
  readonly from?: NameRef;
  /** Of a `class`: its name among {@linkcode ModuleAnalysis.classes}. */
  readonly class?: string;
  /** Of a `function`: what calling it does. */
  readonly effects?: Effects;
  /** Of a `function`: the kind of what it returns. */
  readonly returns?: ValueKind;
  /** Of a `function`: true for a generator, which `next()` moves on. */
  readonly generator?: boolean;
  /** Of a `function` among fields: true where its text is known and has no `this`. */
  readonly selfless?: boolean;
  /** Of an `object` or `frozen`: its fields; one that is not here is unknown, unless `plain`. */
  readonly fields?: Readonly<Record<string, ExportFact>>;
  /** Of an `object`, `array`, `map` or `set`: nothing but primitive values, however deep. */
  readonly plain?: boolean;
  /** True if it is assigned outside of its declaration. */
  readonly reassigned?: boolean;
  /** Of a `primitive`: true if its text shows that it can be nothing else. */
  readonly literal?: boolean;
}

/** A variable at the top level whose value would be lost with its module. */
export interface StateBinding {
  /** Its name; `Class.field` for a static field. */
  readonly name: string;
  /** Where it is declared. */
  readonly line: number;
  /** Where it is declared. */
  readonly column: number;
  /** Why it needs a name under `keep` or `startsAnew`. */
  readonly why: "written" | "mutated" | "instance" | "handle";
  /** For people: `push() at line 12`, `new Game()`, `new DatabaseSync()`. */
  readonly detail: string;
  /** Of an `instance`: the classes, of which at least one must have fields; unknown ones are looked up by the planner. */
  readonly of?: readonly NameRef[];
}

/** One declared field of a class, or one that its constructor assigns. */
export interface FieldFact {
  /** Its name; `#name` for a private one. */
  readonly name: string;
  /** Where. */
  readonly line: number;
  /** The text of its initializer; empty for none. */
  readonly text: string;
  /** A digest of the initializer that does not depend on how it is written down. */
  readonly digest?: string;
  /** True if the initializer refers to nothing but literals, globals and its own new collections. */
  readonly selfContained?: boolean;
  /** What calling it does. */
  readonly effects?: Effects;
}

/** One method, getter, setter or static method of a class. */
export interface MethodFact {
  /** A digest of it that does not depend on how it is written down. */
  readonly digest: string;
  /** What calling it does. */
  readonly effects?: Effects;
}

/** A field that the constructor assigns. */
export interface AssignedField {
  /** Its name. */
  readonly name: string;
  /** The text of what is assigned; for a parameter property the parameter's name. */
  readonly text: string;
  /** A digest of it that does not depend on how it is written down. */
  readonly digest?: string;
  /** True if that refers to the constructor's parameters or locals. */
  readonly usesParameters?: boolean;
}

/** A class at the top level of a module. */
export interface ClassFact {
  /** Its name; `default` for one without. */
  readonly name: string;
  /** Where. */
  readonly line: number;
  /** What it extends; `name` is empty if that is an expression. */
  readonly extends?: NameRef;
  /** The names of its private members, with `#`. */
  readonly private?: readonly string[];
  /** Methods by name; `static x`, `get x` and `set x` for such. */
  readonly methods?: Readonly<Record<string, MethodFact>>;
  /** Declared instance fields. */
  readonly fields?: readonly FieldFact[];
  /** How many parameters the constructor has. */
  readonly parameters?: number;
  /** What the constructor assigns to `this`. */
  readonly assigned?: readonly AssignedField[];
  /** Static fields. */
  readonly statics?: readonly FieldFact[];
  /** What constructing it does. */
  readonly construct?: Effects;
}

/** An enum. */
export interface EnumFact {
  /** Its name. */
  readonly name: string;
  /** Where. */
  readonly line: number;
  /** The values of its members; null where the text does not tell. */
  readonly members: Readonly<Record<string, string | number | null>>;
}

/** Something outside of all modules that a module sets while it is evaluated. */
export interface GlobalWrite {
  /**
   * `word` for `globalThis.word`, `console.log`, `Array.prototype.last`, `hono.Hono.prototype.last` of an import; `[]` for a
   * computed key.
   */
  readonly name: string;
  /** Where. */
  readonly line: number;
  /** Where. */
  readonly column: number;
  /** True if it is made of what was there before. */
  readonly again?: boolean;
  /** The import that it is set on, as written; one of the app's own modules is not outside. */
  readonly specifier?: string;
  /** What calling it does, or functions in it; not said where nobody knows. */
  readonly calls?: Effects;
}

/** A piece of code by its text, and what it refers to in other modules. */
export interface TextRecord {
  /** A digest of its text and of all it refers to in its module, however it is laid out. */
  readonly digest: string;
  /** What it refers to in other modules; the exported name, or `*`. */
  readonly uses?: readonly NameRef[];
}

/** Something that evaluated code does to a value, and would do to a kept one a second time. */
export interface RepeatFact {
  /** For people: `push()`, `.limit =`, `assignment`. */
  readonly detail: string;
  /** True where it only looks at what the value holds: what it makes of that does not follow. */
  readonly isRead?: boolean;
  /** Where. */
  readonly line: number;
  /** Where. */
  readonly column: number;
}

/** A member of an instance that evaluated code takes without calling it. */
export interface TakenMember {
  /** Its name. */
  readonly name: string;
  /** Where. */
  readonly line: number;
  /** Where. */
  readonly column: number;
}

/** Why a local of a function, or what is made in an expression, would be lost with its module. */
export type LocalState = Pick<StateBinding, "why" | "detail" | "of">;

/** An initializer whose value can be kept. */
export interface KeptFact extends TextRecord {
  /** As deno.json has it behind `#`: `rooms`, `main.games`, `Cache.one`, `main.new Users`. */
  readonly name: string;
  /** Where. */
  readonly line: number;
  /** Where. */
  readonly column: number;
  /** True for a local of a function, and for what is made in one. */
  readonly local?: boolean;
  /** Of what is made in a function or an expression: why it is state, if it was made while the module was evaluated. */
  readonly state?: LocalState;
  /** True if that function runs while the module is evaluated, as far as its text tells. */
  readonly early?: boolean;
  /** Of such an expression: the variable whose initializer it stands in. */
  readonly inside?: string;
  /** True for a weak collection or a symbol: kept without being named, if its text stays. */
  readonly byItself?: boolean;
  /** True for a list or a record of primitive values that can hold nothing else, as far as its text tells. */
  readonly fixed?: boolean;
  /** What would be done to it a second time. */
  readonly repeats?: readonly RepeatFact[];
  /** Of an instance of a class of the app: of which. */
  readonly of?: NameRef;
  /** Its members that evaluated code takes, as `serve(app.handle)` does. */
  readonly members?: readonly TakenMember[];
  /** The package whose object it is, which the module configures. */
  readonly library?: string;
}

/** A name whose value cannot be kept. */
export interface UnkeepableFact {
  /** The name. */
  readonly name: string;
  /** Why: ends a sentence that begins with the name. */
  readonly why: string;
  /** Where. */
  readonly line: number;
}

/** What one module does, as far as its text tells; lists that would be empty are left out. */
export interface ModuleAnalysis {
  /** What it imports. */
  readonly imports?: readonly ImportFact[];
  /** The names that it declares at its top level. */
  readonly names?: readonly string[];
  /** What it exports, by name. */
  readonly exports?: Readonly<Record<string, ExportFact>>;
  /** The specifiers of `export * from`. */
  readonly stars?: readonly string[];
  /** Every use of an import in its code. */
  readonly touches?: readonly Touch[];
  /** What its evaluation does. */
  readonly top?: Effects;
  /** What code that runs after its evaluation changes of its imports. */
  readonly later?: readonly Touch[];
  /** What its functions change of what they are given. */
  readonly changes?: readonly ChangeOfGiven[];
  /** What it gives to functions of other modules. */
  readonly given?: readonly GivenValue[];
  /** The state that would be lost with it. */
  readonly bindings?: readonly StateBinding[];
  /** Its classes. */
  readonly classes?: readonly ClassFact[];
  /** Its enums. */
  readonly enums?: readonly EnumFact[];
  /** The initializers whose values can be kept. */
  readonly kept?: readonly KeptFact[];
  /** Names whose values cannot be kept. */
  readonly unkeepable?: readonly UnkeepableFact[];
  /** Its exports by their text. */
  readonly texts?: Readonly<Record<string, TextRecord>>;
  /** What it starts. */
  readonly owned?: readonly OwnedFact[];
  /** Which of its functions wait for timers, and methods whose names only sound like it. */
  readonly pacing?: readonly PacingFact[];
  /** What it sets outside of all modules while it is evaluated. */
  readonly globals?: readonly GlobalWrite[];
  /** The globals that its functions change: `word` for `globalThis.word`. */
  readonly globalChanges?: readonly string[];
  /** How it uses what it imports; only where the app asks for rebinding. */
  readonly rebind?: RebindFacts;
  /** The members of `hot(import.meta)` that it uses. */
  readonly hot?: readonly string[];
  /** Whether it has an `import()` whose specifier the text does not tell; always said, except of CommonJS. */
  readonly computed?: boolean;
  /** True if it keeps in its variables what it has read from files after its evaluation. */
  readonly keepsFiles?: boolean;
  /** True if it awaits at its top level. */
  readonly awaits?: boolean;
  /** True if none of its functions waits in a loop or a chain without an end of its own, or hands functions on. */
  readonly steady?: boolean;
  /** What goes into its text when it is loaded; whoever reads it knows what it says. */
  readonly edits?: string;
  /** True of TypeScript that runs as it is once its types are blanked out. */
  readonly erasable?: boolean;
  /** True for CommonJS. */
  readonly commonjs?: boolean;
  /** Of a script that cannot be parsed: where, and why; then nothing else is known of it. */
  readonly broken?: {
    readonly line: number;
    readonly column: number;
    readonly message: string;
  };
}

/** The uses of imports that effects name. */
export function touchesOf(
  analysis: ModuleAnalysis | undefined,
  effects: Effects | undefined,
): Touch[] {
  return (effects?.touches ?? []).flatMap((at) => {
    const touch = analysis?.touches?.[at];
    return touch ? [touch] : [];
  });
}
