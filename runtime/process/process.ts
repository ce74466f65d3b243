/** What runs in this process: modules, live boundaries, state, services, the current release.
 *
 * There is one per process, found by a well-known symbol, so that a second copy of this package joins it.
 *
 * @module
 */
import { callingModules } from "../modules/caller.ts";
import { Callers } from "./callers.ts";
import { EvaluatedCode } from "./evaluated_code.ts";
import { Evaluations } from "./evaluations.ts";
import { UpgradeEvents } from "./events.ts";
import { AttemptListeners } from "./owned/attempt_listeners.ts";
import { FileReads } from "./files/file_reads.ts";
import { wrapReads } from "./files/read_wrappers.ts";
import { Guard } from "./guard/guard.ts";
import { EndSignals, watchExits } from "./guard/exits.ts";
import { OpenSockets } from "./sockets/open_sockets.ts";
import { PackageSockets } from "./sockets/package_sockets.ts";
import { Crons } from "./owned/crons.ts";
import { HandlerProperties } from "./owned/handler_properties.ts";
import { LeftHandlers } from "./left/left_handlers.ts";
import { noteHandlers } from "./left/note_handlers.ts";
import { Listeners } from "./owned/listeners.ts";
import type { OwnersContext } from "./owned/owners.ts";
import { Queues } from "./owned/queues.ts";
import { Workers } from "./owned/workers.ts";
import { inOneGo } from "../base/in_slices.ts";
import { workerReach } from "../plan/reload/reach.ts";
import { TcpListeners } from "./servers/tcp_listeners.ts";
import { NodeServers } from "./servers/node_servers.ts";
import type { HandedOver } from "./servers/hand_over.ts";
import { HealthChecks } from "./health_checks.ts";
import { OwnedEnds } from "./owned.ts";
import { Passes } from "./servers/passes.ts";
import { RawPasses } from "./raw_passes.ts";
import type { Declaring } from "./declared/declarations.ts";
import { ReleaseState } from "./declared/release_state.ts";
import { Servers } from "./servers/servers.ts";
import { Timers } from "./timers/timers.ts";
import { KeptValues } from "../modules/keep/values/kept_values.ts";
import { KEPT_KEY, type OpenKept } from "../modules/keep/wrap.ts";
import { LiveBoundaries } from "../modules/live/live_boundaries.ts";
import { ModuleLoading } from "../modules/hooks/hooks.ts";
import { StandIns } from "../modules/packages/stand_ins.ts";
import { ImageAnalysis } from "../modules/analysis/image_analysis.ts";
import { KnownAccess } from "./package_access.ts";
import {
  CLASSES_KEY,
  type TakeClasses,
} from "../modules/hooks/module_source.ts";
import { attemptOf, fileOf, placeOf } from "../modules/module_urls.ts";
import { type Generations, generations } from "../modules/generations.ts";
import { takePrivateFields } from "../state/classes/private_fields.ts";
import { SocketGroups } from "../state/sockets/socket_groups.ts";

/** The running process. */
export class AppProcess extends ReleaseState {
  /** The modules: their URLs, and who imported what. */
  readonly modules: ModuleLoading = new ModuleLoading();
  /** Which of them are calling. */
  readonly callers: Callers = new Callers(this.modules);
  /** Which work meets which generation of the code. */
  readonly generations: Generations = generations;
  /** What the scripts of the base image do. */
  readonly imageAnalysis: ImageAnalysis = new ImageAnalysis(this.modules);
  /** The values that initializers of the app have made. */
  readonly kept: KeptValues = new KeptValues();
  /** Whether other packages can come in. */
  readonly packageAccess: KnownAccess = new KnownAccess();
  /** The live boundaries. */
  readonly boundaries: LiveBoundaries = new LiveBoundaries(this.modules);
  /** What happens during upgrades. */
  readonly events: UpgradeEvents = new UpgradeEvents();
  /** Keeps errors of new code from ending the process. */
  readonly guard: Guard = new Guard({
    generations,
    attemptOf,
    isApp: (url) => this.callers.pathOf(url) !== null,
    report: (message) => this.logger.error(message),
  });
  /** The timers of the app. */
  readonly timers: Timers = new Timers({
    generations,
    callingPlace: () => this.callers.place("outermost"),
    callingPaths: () => this.callers.paths(),
    pathOf: (place) => this.callers.pathOf(place) ?? place,
    livesOn: (kept, attempt) => this.kept.lives(kept, attempt),
    note: (error, work) => this.guard.note(error, work),
  });
  /** The files that modules read while they are evaluated. */
  readonly fileReads: FileReads = new FileReads({
    generations,
    root: () => this.root,
    callers: () => this.callers.paths(),
  });
  /** The workers. */
  readonly workers: Workers = new Workers({
    stale: (url) => this.#staleScript(url),
  });
  /** Which modules are being evaluated. */
  readonly evaluations: Evaluations = new Evaluations({
    generations,
    attemptOf,
    pathOf: (url) => this.callers.pathOf(url) ?? url,
  });
  /** What evaluations run. */
  readonly evaluatedCode: EvaluatedCode = new EvaluatedCode({
    coverage: this.modules.coverage,
    generations,
    evaluations: this.evaluations,
  });
  /** What the evaluations of modules own, besides timers and servers. */
  readonly owned: OwnedEnds = new OwnedEnds({
    generations,
    isAmong: (place, paths) => this.callers.isAmong(place, paths),
    livesOn: (kept, attempt) => this.kept.lives(kept, attempt),
  });
  /** The health checks that modules declare. */
  readonly healthChecks: HealthChecks = new HealthChecks();
  /** How a health check is known again by the servers of this process. */
  readonly passes: Passes = new Passes(generations);
  /** The same without HTTP. */
  readonly rawPasses: RawPasses = new RawPasses(generations);
  /** The servers of the app. */
  readonly servers: Servers = new Servers({
    generations,
    passes: this.passes,
    callingPlace: () => this.callers.place("innermost"),
    isAmong: (place, paths) => this.callers.isAmong(place, paths),
    goesOn: (maker) => this.kept.goesOn(maker),
    opened: (about) => this.#opened(about),
  });
  /** The servers of Node's modules. */
  readonly nodeServers: NodeServers = new NodeServers({
    generations,
    rawPasses: this.rawPasses,
    passes: this.passes,
    callingPlace: () => this.callers.place("innermost"),
    isAmong: (place, paths) => this.callers.isAmong(place, paths),
    goesOn: (maker) => this.kept.goesOn(maker),
    opened: (about) => this.#opened(about),
    note: (error, work) => this.guard.note(error, work),
    upgraded: (socket, place) => this.openSockets.upgraded(socket, place),
    connected: (socket, place) => this.openSockets.connected(socket, place),
  });
  /** The listeners of `Deno.listen`. */
  readonly tcpListeners: TcpListeners = new TcpListeners({
    generations,
    rawPasses: this.rawPasses,
    accepted: (connection, place) =>
      this.openSockets.accepted(connection, place),
    callingPlace: () => this.callers.place("innermost"),
    isAmong: (place, paths) => this.callers.isAmong(place, paths),
    goesOn: (maker) => this.kept.goesOn(maker),
    opened: (about) => this.#opened(about),
  });
  /** What requests have given the platform to call later. */
  readonly leftHandlers: LeftHandlers = new LeftHandlers({
    generations,
    callingPaths: () => this.callers.paths(),
    servers: () => this.handedOver.flatMap((it) => [...it.ofRequests()]),
  });
  /** Listeners to signals and events, by those who have added them. */
  readonly listeners: Listeners = new Listeners(
    this.#ownersContext(),
    this.leftHandlers,
  );
  /** Listeners that attempts add to whatever stays. */
  readonly attemptListeners: AttemptListeners = new AttemptListeners({
    generations,
    callingPlace: () => this.callers.place("innermost"),
  });
  /** Handlers in global properties, by those who have put them there. */
  readonly handlerProperties: HandlerProperties = new HandlerProperties(
    this.#ownersContext(),
  );
  /** The crons. */
  readonly crons: Crons = new Crons(this.#ownersContext());
  /** The queue listeners. */
  readonly queues: Queues = new Queues(this.#ownersContext());
  /** The open sockets of packages that new code can greet. */
  readonly packageSockets: PackageSockets = new PackageSockets({
    generations,
    goesOn: (maker) => this.kept.goesOn(maker),
    callingPlace: () => this.callers.place("innermost"),
    isAmong: (place, paths) => this.callers.isAmong(place, paths),
    report: (message) => this.logger.error(message),
  });
  /** The sockets whose handlers stay with the code that made them. */
  readonly openSockets: OpenSockets = new OpenSockets({
    generations,
    greetable: () => this.packageSockets.greetable,
    currentAnswer: () => this.servers.currentAnswer,
    report: (message) => this.logger.warn(message),
    callingPlace: () =>
      this.callers.place("innermost") ?? this.servers.currentPlace,
    pathOf: (place) => this.callers.pathOf(place) ?? place,
    urlsOf: (place) => {
      const { table } = this.modules;
      return this.callers.urlsOf(table?.current(table.placeOf(place)) ?? place);
    },
  });
  /** The sockets that follow the code. */
  readonly socketGroups: SocketGroups = new SocketGroups({
    generations,
    report: (message) => this.logger.error(message),
  });
  /** The signals that ask the process to end. */
  readonly endSignals: EndSignals = new EndSignals();
  #installed = false;

  /** Begins to see imports, errors, timers, servers and what ends the process; once. */
  install(): void {
    const shared = globalThis as {
      [CLASSES_KEY]?: TakeClasses;
      [KEPT_KEY]?: OpenKept;
    };
    shared[CLASSES_KEY] = (url, classes) => this.#takeClasses(url, classes);
    shared[KEPT_KEY] = this.#openKept;
    if (this.#installed) return;
    this.#installed = true;
    this.modules.install();
    takePrivateFields();
    this.guard.install();
    const exits = watchExits(this.guard, this.endSignals);
    this.passes.install();
    this.modules.standIns = new StandIns(
      new Map([
        ...exits,
        ...this.timers.install(),
        ...wrapReads(this.fileReads),
        ...this.workers.install(),
      ]),
    );
    this.modules.evaluating = () => this.#evaluating();
    this.evaluations.install();
    this.rawPasses.install();
    this.servers.install();
    this.nodeServers.install();
    this.tcpListeners.install();
    this.listeners.install();
    noteHandlers(this.leftHandlers);
    this.handlerProperties.install();
    this.crons.install();
    this.queues.install();
    this.openSockets.install();
    this.packageSockets.install();
  }

  #staleScript(url: string): { script: string; file: string } | null {
    const files = this.fileReads.evaluated;
    const script = files.size === 0 ? null : this.callers.pathOf(url);
    const attempt = generations.work?.attempt ?? null;
    const manifest = attempt === null || script === null
      ? undefined
      : this.modules.leads.releases.get(attempt);
    if (script === null || !manifest) return null;
    const reached = inOneGo(workerReach(script, manifest));
    const file = [...reached].find((path) => files.has(path));
    return file === undefined ? null : { script, file };
  }

  /** The scripts of the workers that run. */
  get workerScripts(): readonly string[] {
    const paths = [...this.workers.running].map((url) =>
      this.callers.pathOf(url)
    );
    return [...new Set(paths.filter((path) => path !== null))].sort();
  }

  #evaluating(): string | null {
    const { work } = generations;
    const { table } = this.modules;
    if (!work?.place || !table) return null;
    return table.current(table.placeOf(work.place), work.attempt);
  }

  /** Finds out which module declares something now. Returns the module, and where its declarations go. */
  declaring(): Declaring {
    const callers = callingModules();
    const { modules } = this;
    // The module whose evaluation made the call: a helper that declares for others stands inner on the stack. Boot
    // modules are outermost only where they call into the app.
    const owner = callers.findLast((url) => modules.hasSeen(url)) ??
      callers.at(-1) ?? "";
    return {
      // Asked late: modules declare before the app root is known.
      get module() {
        return modules.pathOf(owner);
      },
      line: this.callers.lineIn(owner)?.line,
      staging: this.stagingOf(callers),
    };
  }

  /** What listens on addresses. */
  get handedOver(): readonly [Servers, NodeServers, TcpListeners] {
    return [this.servers, this.nodeServers, this.tcpListeners];
  }

  /** The addresses that evaluated modules have asked for. */
  get servedAddresses(): string[] {
    return this.handedOver.flatMap(({ addresses }) => addresses);
  }

  /**
   * Who subscribes, where that is while its module is evaluated; such subscriptions end with the module. Returns the
   * module and its staging area, or null for code that runs later.
   */
  evaluating(): Declaring | null {
    const declaring = this.declaring();
    const isEvaluated = this.opening > 0 ||
      declaring.staging?.state === "staged" ||
      callingModules().some((url) => this.evaluations.goesOn(url));
    return isEvaluated ? declaring : null;
  }

  /** Forgets kept values and checks as well. */
  override async forgetDeclarations(paths: ReadonlySet<string>): Promise<void> {
    this.kept.forget(paths);
    this.healthChecks.forget(paths);
    await super.forgetDeclarations(paths);
  }

  /** Stops all services and timers, for an orderly end of the process. */
  async rest(): Promise<void> {
    this.bootTrial?.abandon();
    await this.restDeclarations();
  }

  /** A main module that is evaluated for as long as it serves has loaded when it serves. */
  #opened({ place, isEvaluated }: HandedOver): void {
    const { main } = this.modules;
    if (!main?.isNative || place === null || !isEvaluated) return;
    if (this.callers.isAmong(place, new Set([this.modules.pathOf(main.url)]))) {
      this.bootTrial?.confirm();
    }
  }

  #ownersContext(): OwnersContext {
    return {
      generations,
      callingPlace: () => this.callers.place("innermost"),
      isAmong: (place, paths) => this.callers.isAmong(place, paths),
      livesOn: (kept, attempt) => this.kept.lives(kept, attempt),
    };
  }

  /** Each instance of a module has values of its own; one with a query is another module than the one without. */
  #openKept: OpenKept = (url) => {
    const path = this.callers.pathOf(url);
    if (path === null) return undefined;
    const place = placeOf(url);
    const query = place.slice(fileOf(place).length);
    return this.kept.open(
      path + query,
      attemptOf(url) ?? 0,
      (key) => generations.enterMaking(key),
      () => generations.work?.place ?? null,
    );
  };

  #takeClasses(
    url: string,
    classes: Readonly<Record<string, () => unknown>>,
  ): void {
    this.modules.unevaluated.delete(url);
    const path = this.modules.table?.pathOf(url) ?? null;
    if (path === null) return;
    const registry = this.classesOf(attemptOf(url));
    for (const [name, get] of Object.entries(classes)) {
      try {
        registry.register(path, name, get());
      } catch {
        // A text that looked like a class, or one that has no value yet.
      }
    }
  }
}

const KEY = Symbol.for("@flyhot/runtime");

function sharedProcess(): AppProcess {
  const shared = globalThis as { [KEY]?: AppProcess };
  return shared[KEY] ??= new AppProcess();
}

/** What runs in this process. */
export const appProcess: AppProcess = sharedProcess();
