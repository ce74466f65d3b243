import { StateCopy } from "./copy.ts";

/** A class with a private field. */
export class Point {
  x: number;
  y = 2;
  constructor(x: number) {
    this.x = x;
  }
  sum(): number {
    return this.x + this.y;
  }
}

/** A class of the app that extends another. */
export class Named extends Point {
  label = "a";
  set loud(_: string) {
    throw new Error("a setter must not run");
  }
}

/** Copies a state at one go. */
export function copyState<T>(name: string, state: T): T {
  const copy = new StateCopy(name, state);
  copy.run();
  return copy.value as T;
}
