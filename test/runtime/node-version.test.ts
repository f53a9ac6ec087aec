/**
 * The versions of Node that the program accepts.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { nodeVersionProblem } from '../../src/runtime/node-version.ts';

describe('the program', () => {
  for (const version of ['v24.12.0', 'v24.21.0', 'v25.0.0', 'v26.10.0', 'v100.0.0'])
    it(`runs on Node ${version}`, () => assert.equal(nodeVersionProblem(version), undefined));

  for (const version of ['v18.20.8', 'v20.20.2', 'v22.22.0', 'v24.9.0', 'v24.11.1'])
    it(`says that it does not run on Node ${version}`, () => {
      assert.equal(
        nodeVersionProblem(version),
        `sa-token-exporter needs Node 24.12 or later, but runs on ${version}`,
      );
    });
});
