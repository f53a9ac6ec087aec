/** prom-client types its whole set of default metrics, not the single ones. */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client';

  const register: (registry: Registry) => void;
  export default register;
}
