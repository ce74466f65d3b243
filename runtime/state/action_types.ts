/** What the type checker makes of actions: what they are given, and how callers see them.
 * @module
 */

/**
 * One action. A parameter with a default is of the default's type; every other one is given its type, and so is one
 * that is taken apart, because the checker refuses what is left open.
 */
export interface Action<State> {
  // `never` is what makes the checker look at defaults.
  (state: State, ...args: never[]): unknown;
  // With a member beside the call, the checker leaves generic actions generic.
  /** The function's name. */
  readonly name: string;
}

/** What the members of `actions` may be: functions of the state and the caller's arguments. */
export interface Actions<State> {
  /** An action by its name. */
  readonly [name: string]: Action<State>;
}

/** Functions that take a state; what they return is not looked at, because it may depend on them. */
export interface TakesState<State> {
  /** A function by its name. */
  readonly [name: string]: (state: State, ...args: never[]) => void;
}

/** Refuses actions that take another state, or a parameter without a type. */
export interface RequiredActions<State, A> {
  /** What can be done to the state. */
  readonly actions?: A extends TakesState<State>
    ? true extends { [Name in keyof A]: HasOpen<Tail<A[Name]>> }[keyof A]
      ? TypeTheParameters<A>
    : unknown
    : TakesState<State>;
}

/** What an action is asked to be that has a parameter without a type. */
export type TypeTheParameters<A> = {
  readonly [Name in keyof A]: true extends HasOpen<Tail<A[Name]>>
    ? "give each parameter of this action a type or a default"
    : A[Name];
};

/** Whether a parameter has no type; several answers where several have been looked at. */
export type HasOpen<Args extends readonly unknown[]> = Args extends
  readonly [(infer One)?, ...infer More]
  ? [One] extends [never] ? Args extends readonly [] ? false : true
  : More["length"] extends Args["length"] ? false
  : HasOpen<More>
  : false;

/** The arguments of an action without the state. */
export type Tail<F> = F extends (state: never, ...args: infer Args) => void
  ? Args
  : never;

/** All parameters of a function. */
type All<F> = F extends (...args: infer Args) => void ? Args : never;

/** What a function returns; of a generic one with its parameters at their widest. */
type Out<F> = F extends (...args: never) => infer Result ? Result : never;

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends
  (<T>() => T extends B ? 1 : 2) ? true : false;

/** The actions as callers see them: without the state, always a promise. */
export type Calls<State, A> = string extends keyof A ? unknown
  : { readonly [Name in keyof A]: Call<State, A[Name]> };

/**
 * One action as callers see it.
 *
 * The checker cannot take a parameter from a generic function as a type. So a call of a generic action is looked at
 * when it is made: whether the arguments fit together, and what of them comes back.
 *
 * @internal
 */
export type Call<State, F> = Same<F, (...args: All<F>) => Out<F>> extends true
  ? (...args: Tail<F>) => Promise<Awaited<Out<F>>>
  : <Args extends Tail<F>>(
    ...args: Fitting<State, F, Args>
  ) => Promise<Returned<State, F, Args>>;

/** The arguments, where a generic action takes them together. */
export type Fitting<State, F, Args extends unknown[]> = F extends
  (state: State, ...args: Args) => void ? Args : never[];

/**
 * What a generic action returns for these arguments: the first of what they hold that it is found to return, alone,
 * optional, in a list or in an object; what it returns for all arguments where none is.
 *
 * @internal
 */
export type Returned<State, F, Args extends unknown[]> = First<
  State,
  F,
  Args,
  Held<State, Args>,
  Awaited<Out<F>>
>;

/** What arguments hold that an action may return. */
type Held<State, Args extends readonly unknown[]> = Args extends
  readonly [infer One, ...infer More]
  ? [...HeldBy<State, One>, ...Held<State, More>]
  : [];

type HeldBy<State, One> = [One] extends [keyof State] ? [State[One], One]
  : [One] extends [(...args: never) => infer Result]
    ? [One, Result, Awaited<Result>]
  : [One] extends [Iterable<infer Element>] ? [One, Element]
  : [One];

declare const nothing: unique symbol;

type First<State, F, Args extends unknown[], List, Widest> = List extends
  [infer One, ...infer More]
  ? Found<State, F, Args, One, Widest> extends infer Result
    ? [Result] extends [typeof nothing] ? First<State, F, Args, More, Widest>
    : Result
  : never
  : Widest;

type Found<State, F, Args extends unknown[], One, Widest> =
  Returns<State, F, Args, One, Widest> extends true ? One
    : Returns<State, F, Args, One | undefined, Widest> extends true
      ? One | undefined
    : Returns<State, F, Args, One | null, Widest> extends true ? One | null
    : Returns<State, F, Args, One[], Widest> extends true ? One[]
    : Returns<State, F, Args, Filled<Widest, One>, Widest> extends true
      ? Filled<Widest, One>
    : typeof nothing;

/** An object with one type for each of its members that can be of it. */
type Filled<Widest, One> = Widest extends object ? {
    [Member in keyof Widest]: [One] extends [Widest[Member]] ? One
      : Widest[Member];
  }
  : Widest;

/** Whether a function returns a type for these arguments, and that says more than what it returns for all. */
type Returns<State, F, Args extends unknown[], Result, Widest> =
  [Widest] extends [Result] ? false
    : F extends (state: State, ...args: Args) => Result | PromiseLike<Result>
      ? true
    : false;
