/**
 * Short answers in plain text.
 */
import { STATUS_CODES } from 'node:http';
import type { Response } from 'express';

/** The text is the status's name where none is given. */
export function plain(response: Response, status: number, text = STATUS_CODES[status]): void {
  response.status(status).type('text/plain').send(`${text}\n`);
}
