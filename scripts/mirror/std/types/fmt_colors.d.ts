/**
 * Types of what `@std/fmt/colors` exports.
 *
 * @module
 */

/** Wraps a text into the codes of one style. */
type Style = (str: string) => string;

/** A color by its parts, each from 0 to 255. */
export interface Rgb {
  /** Red. */
  r: number;
  /** Green. */
  g: number;
  /** Blue. */
  b: number;
}

/** Switches all styles of this module on or off. */
export declare function setColorEnabled(value: boolean): void;

/** Whether styles are on. */
export declare function getColorEnabled(): boolean;

/** Emphasis. */
export declare const reset: Style,
  bold: Style,
  dim: Style,
  italic: Style,
  underline: Style,
  inverse: Style,
  hidden: Style,
  strikethrough: Style;

/** Colors of the text. */
export declare const black: Style,
  red: Style,
  green: Style,
  yellow: Style,
  blue: Style,
  magenta: Style,
  cyan: Style,
  white: Style,
  gray: Style,
  brightBlack: Style,
  brightRed: Style,
  brightGreen: Style,
  brightYellow: Style,
  brightBlue: Style,
  brightMagenta: Style,
  brightCyan: Style,
  brightWhite: Style;

/** Colors of the background. */
export declare const bgBlack: Style,
  bgRed: Style,
  bgGreen: Style,
  bgYellow: Style,
  bgBlue: Style,
  bgMagenta: Style,
  bgCyan: Style,
  bgWhite: Style,
  bgBrightBlack: Style,
  bgBrightRed: Style,
  bgBrightGreen: Style,
  bgBrightYellow: Style,
  bgBrightBlue: Style,
  bgBrightMagenta: Style,
  bgBrightCyan: Style,
  bgBrightWhite: Style;

/** Text in one of 256 colors. */
export declare function rgb8(str: string, color: number): string;

/** Background in one of 256 colors. */
export declare function bgRgb8(str: string, color: number): string;

/** Text in any color. */
export declare function rgb24(str: string, color: number | Rgb): string;

/** Background in any color. */
export declare function bgRgb24(str: string, color: number | Rgb): string;

/** Takes all styles out of a text. */
export declare function stripAnsiCode(string: string): string;

// Without this, a declaration file exports its helpers too.
export {};
