/**
 * Log lines as named fields, in logfmt or JSON.
 *
 * Fields are short, named facts: never an object, an error or a library's message, any of which may hold a token.
 */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['logfmt', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export type Fields = Readonly<Record<string, string | number | boolean>>;
export type Log = Readonly<Record<LogLevel, (message: string, fields?: Fields) => void>>;

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Takes one line, line break included. */
  readonly write: (line: string) => void;
  /** RFC 3339. */
  readonly timestamp: () => string;
}

function logfmt(fields: Fields): string {
  return Object.entries(fields)
    .map(
      ([key, value]) =>
        `${key}=${/^[\w.:/+-]+$/.test(String(value)) ? value : JSON.stringify(String(value))}`,
    )
    .join(' ');
}

export function createLog({ level, format, write, timestamp }: LogOptions): Log {
  const print = format === 'json' ? JSON.stringify : logfmt;
  const at =
    (severity: LogLevel) =>
    (message: string, fields: Fields = {}) => {
      if (LOG_LEVELS.indexOf(severity) < LOG_LEVELS.indexOf(level)) return;
      write(`${print({ time: timestamp(), level: severity, msg: message, ...fields })}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** What may be said of an error: its kind, its code and where it was thrown, never its message. */
export function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { error: typeof error };
  const at = error.stack?.split('\n').find((line) => line.startsWith('    at ')) ?? '';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { error: error.name, code, at: at.trim().replace(/^at /, '') };
}
