/** A small stand-in of an outside system, on a loopback port of its own. */
export interface DemoSystem {
  readonly connector: string
  /** Where it answers, such as `http://127.0.0.1:4711`. */
  readonly origin: string
  readonly config: Readonly<Record<string, unknown>>
  readonly credential: Readonly<Record<string, string>>
}

export interface DemoSystems extends AsyncDisposable {
  readonly systems: readonly DemoSystem[]
}

/** Starts a set of them. They need packages that an installation without development packages does not have. */
export type StartDemoSystems = () => Promise<DemoSystems>
