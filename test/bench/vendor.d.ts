// hypercore brings no types; what of it is used is typed where it is used.
declare module 'hypercore' {
  const Hypercore: unknown
  export default Hypercore
}
