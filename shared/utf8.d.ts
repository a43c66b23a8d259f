// The two encoders of the WHATWG Encoding standard, declared for the rooms that are compiled without DOM and Node types
// (shared, main/protocol). Every runtime that we run on has them as globals; they are pure.
declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(bytes?: Uint8Array): string
}
