/**
 * The part of rclnodejs 2.2 that this adapter uses, in types of our own: the package generates its types from the
 * sourced ROS 2, and is not there at all where ROS 2 is not. Members with an underscore are not documented by it; each
 * is used to mend something that the documented ones get wrong.
 */
export interface Rcl {
  init(context: undefined, argv: readonly string[]): Promise<void>;
  shutdown(): void;
  removeSignalHandlers(): void;
  /** The class of a message or, for a service, the holder of `Request` and `Response`. */
  require(type: string): unknown;
  readonly Node: RclNodeClass;
  readonly lifecycle: {
    readonly LifecycleNode: RclNodeClass;
    readonly CallbackReturnCode: Readonly<Record<"SUCCESS" | "FAILURE" | "ERROR", number>>;
  };
  readonly QoS: new (
    history: number,
    depth: number,
    reliability: number,
    durability: number,
    liveliness: number,
  ) => object;
  readonly Parameter: (new (
    name: string,
    type: number,
    value: unknown,
  ) => RclParameter) & { fromParameterMessage(message: object): RclParameter };
  readonly ParameterDescriptor: new (
    name: string,
    type: number,
    description: string,
    readOnly: boolean,
  ) => RclParameterDescriptor;
}

export type RclNodeClass = new (name: string, namespace?: string) => RclNode;

export interface RclNode {
  spin(timeoutMs: number): void;
  name(): string;
  getFullyQualifiedName(): string;
  now(): { readonly nanoseconds: bigint };
  getLogger(): Readonly<Record<"debug" | "info" | "warn" | "error", (text: string) => void>>;
  createPublisher(type: string, topic: string, options: object): RclPublisher;
  destroyPublisher(publisher: RclPublisher): void;
  createSubscription(
    type: string,
    topic: string,
    options: object,
    callback?: (message: unknown) => void,
  ): RclSubscription;
  destroySubscription(subscription: RclSubscription): void;
  createService(
    type: string,
    name: string,
    options: object,
    callback: (request: unknown, response: RclResponse) => void,
  ): RclService;
  destroyService(service: RclService): void;
  createClient(type: string, name: string): RclClient;
  destroyClient(client: RclClient): void;
  getPublishersInfoByTopic(topic: string): readonly RclEndpoint[];
  getSubscriptionsInfoByTopic(topic: string): readonly RclEndpoint[];
  declareParameter(
    parameter: RclParameter,
    descriptor: RclParameterDescriptor,
    ignoreOverride: boolean,
  ): void;
  getParameter(name: string): RclParameter;
  setParametersAtomically(parameters: readonly RclParameter[]): SetResult;
  /** Called from a native callback for whatever is ready; what it throws aborts the process. */
  execute(handles: readonly unknown[]): void;
  _getNativeParameterOverrides(): Map<string, RclParameter>;
  readonly _services: readonly RclService[];
  readonly _parameterService: {
    _handleSetParameters(request: SetRequest, response: RclResponse): void;
    _handleSetParametersAtomically(request: SetRequest, response: RclResponse): void;
  };
}

export interface RclLifecycleNode extends RclNode {
  readonly currentState: RclState;
  configure(): RclState;
  activate(): RclState;
  deactivate(): RclState;
  cleanup(): RclState;
  shutdown(): RclState;
  registerOnConfigure(callback: () => number): void;
  registerOnActivate(callback: () => number): void;
  registerOnDeactivate(callback: () => number): void;
  registerOnCleanup(callback: () => number): void;
  registerOnShutdown(callback: () => number): void;
  registerOnError(callback: () => number): void;
  _onChangeState(request: { readonly transition: RclState }, response: RclResponse): void;
  _onGetState(request: unknown, response: RclResponse): void;
  _onGetAvailableTransitions(request: unknown, response: RclResponse): void;
}

export interface RclState {
  readonly id: number;
  readonly label: string;
}

export interface RclPublisher {
  readonly topic: string;
  publish(message: object, options?: { readonly validate: boolean }): void;
}

export interface RclSubscription {
  readonly topic: string;
}

export interface RclService {
  readonly serviceName: string;
  _callback(request: unknown, response: RclResponse): unknown;
}

export interface RclResponse {
  /** A new response with all its defaults. */
  readonly template: Record<string, unknown>;
  readonly sent: boolean;
  send(response: object): void;
}

export interface RclClient {
  readonly serviceName: string;
  waitForService(timeoutMs: number): Promise<boolean>;
  sendRequestAsync(
    request: object,
    options: { readonly timeout: number; readonly validate: boolean },
  ): Promise<unknown>;
}

export interface RclEndpoint {
  readonly node_name: string;
  readonly node_namespace: string;
  readonly topic_type: string;
  readonly qos_profile: { readonly depth: number; readonly reliability: number; readonly durability: number };
}

export interface RclParameter {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

export interface RclParameterDescriptor {
  toMessage(): object;
}

export interface SetRequest {
  readonly parameters: readonly object[];
}

export interface SetResult {
  readonly successful: boolean;
  readonly reason: string;
}
