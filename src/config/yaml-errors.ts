/**
 * Messages for the errors of the YAML parser, whose own messages quote the file and name its internals.
 */
import type { ErrorCode } from 'yaml';

const MESSAGES: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias has an anchor or a tag',
  BAD_ALIAS: 'quote a value that starts with * or &',
  BAD_COLLECTION_TYPE: 'the tag does not fit its value',
  BAD_DIRECTIVE: 'unsupported directive; quote a value that starts with %',
  BAD_DQ_ESCAPE: 'invalid escape sequence in double quotes; use single quotes',
  BAD_INDENT: 'wrong indentation, or a bracket or brace is not closed',
  BAD_PROP_ORDER: 'an anchor or a tag is in the wrong place',
  BAD_SCALAR_START: 'quote a value that starts with @, %, | or a backtick',
  BLOCK_AS_IMPLICIT_KEY: 'wrong indentation, or an unquoted value that contains a colon and a space',
  BLOCK_IN_FLOW: 'brackets and braces can contain only lists and mappings in brackets and braces',
  DUPLICATE_KEY: 'duplicate key',
  IMPOSSIBLE: 'cannot be parsed',
  KEY_OVER_1024_CHARS: 'a key is longer than 1024 characters',
  MISSING_CHAR: 'a quote, comma, colon or space is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line and end with a colon',
  MULTIPLE_ANCHORS: 'a value has more than one anchor',
  MULTIPLE_DOCS: 'more than one document; remove the line ---',
  MULTIPLE_TAGS: 'a value has more than one tag',
  NON_STRING_KEY: 'keys must be strings',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'indent with spaces, not tabs',
  TAG_RESOLVE_FAILED: 'unsupported tag; quote a value that starts with !',
  UNEXPECTED_TOKEN: 'unexpected text, or wrong indentation',
};

/** Quotes nothing of the file. */
export function yamlErrorMessage(code: ErrorCode): string {
  return `invalid YAML: ${MESSAGES[code]}`;
}
