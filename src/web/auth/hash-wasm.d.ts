/** hash-wasm types its whole set of algorithms, not the file of a single one. */
declare module 'hash-wasm/dist/bcrypt.umd.min.js' {
  const bcrypt: {
    readonly bcryptVerify: (options: {
      readonly password: Uint8Array;
      readonly hash: string;
    }) => Promise<boolean>;
  };
  export default bcrypt;
}
