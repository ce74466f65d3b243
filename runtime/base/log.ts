/** Where the runtime's messages go.
 * @module
 */
// deno-lint-ignore-file no-console -- the app's own log is where an operator looks

/** Takes the runtime's messages. */
export interface Logger {
  /** What went as it should. */
  info(message: string): void;
  /** What an operator should look at. */
  warn(message: string): void;
  /** What failed. */
  error(message: string): void;
}

/** The logger that writes to standard error, a line a message. */
export function consoleLogger(format: "text" | "json"): Logger {
  const line = (level: string, message: string) =>
    format === "json"
      ? JSON.stringify({
        time: new Date().toISOString(),
        level,
        source: "flyhot",
        message,
      })
      : `flyhot: ${message.replaceAll(/\s*\n\s*/g, " ")}`;
  return {
    // Standard output belongs to the app.
    info: (message) => console.error(line("info", message)),
    warn: (message) => console.error(line("warn", message)),
    error: (message) => console.error(line("error", message)),
  };
}
