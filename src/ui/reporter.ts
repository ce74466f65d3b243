/** What happens during a command, as events; how they look is up to the reporter.
 * @module
 */

/** Where one machine stands in a rollout. */
export type MachineStanding =
  | "queued"
  | "nudged"
  | "pending"
  | "applied"
  | "nothing_to_do"
  | "failed"
  | "rolled_back"
  | "silent"
  | "returned"
  | "applies_at_next_start";

/** One thing that happens. */
export type ReportEvent =
  | {
    /** A step began. */
    readonly type: "step";
    /** A verb phrase, for example `Publish release`. */
    readonly name: string;
    /** On what. */
    readonly detail?: string;
  }
  | {
    /** The step of that name ended well. */
    readonly type: "done";
    /** The step. */
    readonly name: string;
    /** What came of it. */
    readonly detail?: string;
    /** How long it took, in milliseconds. */
    readonly ms: number;
  }
  | {
    /** Something worth knowing, or worth worrying about. */
    readonly type: "note" | "warning";
    /** One sentence. */
    readonly text: string;
  }
  | {
    /** A machine changed its standing. */
    readonly type: "machine";
    /** The machine. */
    readonly id: string;
    /** Its region. */
    readonly region: string;
    /** Where it stands now. */
    readonly standing: MachineStanding;
    /** More about it. */
    readonly detail?: string;
  }
  | {
    /** A line of another program's output. */
    readonly type: "output";
    /** The program. */
    readonly program: string;
    /** The line. */
    readonly line: string;
  };

/** Receives events. */
export interface Reporter {
  /** Takes one event; never throws. */
  emit(event: ReportEvent): void;
}
