/**
 * What is running. The build replaces both values; run from source, they say so.
 */
declare const __VERSION__: string | undefined;
declare const __REVISION__: string | undefined;

export const VERSION = typeof __VERSION__ === 'string' ? __VERSION__ : '0.0.0-source';
export const REVISION = typeof __REVISION__ === 'string' ? __REVISION__ : 'unknown';
