/** Bundlers for Workers give a WebAssembly file that is imported as a compiled module. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  // biome-ignore lint/style/noDefaultExport: what bundlers make of it.
  export default module;
}
