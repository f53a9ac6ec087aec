/**
 * Writes log lines of named fields, in logfmt or JSON.
 *
 * A field is a short string, a number or a boolean: never an object, an error or a library's message, any of which
 * may hold a token.
 */
import { errorCode } from './error-code.ts';
import { printableJson } from './sanitize.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['logfmt', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export type Fields = Readonly<Record<string, string | number | boolean>>;
export type Log = Readonly<Record<LogLevel, (message: string, fields?: Fields) => void>>;

export interface LogOptions {
  /** Minimum level. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Called with one line, including its line break. */
  readonly write: (line: string) => void;
  /** RFC 3339. */
  readonly timestamp: () => string;
}

/** Values that logfmt takes without quotes. */
const BARE = /^[\w.:/+-]+$/;

function logfmt(fields: Fields): string {
  return Object.entries(fields)
    .map(([key, value]) => [key, String(value)] as const)
    .map(([key, text]) => `${key}=${BARE.test(text) ? text : JSON.stringify(text)}`)
    .join(' ');
}

const PRINTERS: Readonly<Record<LogFormat, (fields: Fields) => string>> = { logfmt, json: JSON.stringify };

export function createLog({ level, format, write, timestamp }: LogOptions): Log {
  const print = PRINTERS[format];
  const at = (severity: LogLevel): Log[LogLevel] => {
    if (LOG_LEVELS.indexOf(severity) < LOG_LEVELS.indexOf(level)) return () => undefined;
    return (message, fields = {}) => {
      write(`${printableJson(print({ time: timestamp(), level: severity, msg: message, ...fields }))}\n`);
    };
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** The first frame of the stack. The message is cut off first: the stack starts with it, and it may look like frames. */
function thrownAt({ stack = '', message }: Error): string {
  const from = stack.indexOf(message);
  const frames = from < 0 ? '' : stack.slice(from + message.length);
  return /^ {4}at (.*)$/m.exec(frames)?.[1] ?? '';
}

/** What is safe to log of an error: its name, its code and where it was thrown, never its message. */
export function errorFields(error: unknown): Fields {
  if (!(error instanceof Error)) return { error: typeof error };
  return { error: error.name, code: errorCode(error) ?? '', at: thrownAt(error) };
}
