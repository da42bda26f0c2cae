// Templates that are bundled into what runs on a host (esbuild's `text` loader; vitest.config.ts does the same).
declare module '*.ini' {
  const text: string;
  export default text;
}
declare module '*.sh' {
  const text: string;
  export default text;
}
declare module '*.yaml' {
  const text: string;
  export default text;
}
