/** What the hub uses of the package `pulsar-client`, which is not installed with the hub. */
export interface NativeModule {
  readonly Client: {
    new (options: Record<string, unknown>): NativeClient
    setLogHandler(handle: (...line: [level: number, file: string, line: number, message: string]) => void): void
  }
  readonly AuthenticationToken: new (options: { readonly token: string }) => unknown
  readonly MessageId: { latest(): unknown }
}

export interface NativeClient {
  createProducer(options: Record<string, unknown>): Promise<NativeProducer>
  subscribe(options: Record<string, unknown>): Promise<NativeConsumer>
  createReader(
    options: Record<string, unknown> & { readonly listener: (message: NativeMessage) => void },
  ): Promise<{ isConnected(): boolean; close(): Promise<unknown> }>
  close(): Promise<unknown>
}

interface NativeProducer {
  send(message: {
    readonly data: Buffer
    readonly properties: Readonly<Record<string, string>>
    readonly partitionKey?: string
  }): Promise<unknown>
  isConnected(): boolean
  close(): Promise<unknown>
}

export interface NativeConsumer {
  receive(): Promise<NativeMessage>
  acknowledge(message: NativeMessage): Promise<unknown>
  negativeAcknowledge(message: NativeMessage): void
  unsubscribe(): Promise<unknown>
  isConnected(): boolean
  close(): Promise<unknown>
}

export interface NativeMessage {
  getMessageId(): { toString(): string }
  getPartitionKey(): string
  getData(): Buffer
  getProperties(): Record<string, string>
  getRedeliveryCount(): number
}
