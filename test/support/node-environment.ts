// Where a test file runs: jest's Node environment, with one addition. When coverage is measured, every child
// process a test starts inherits NODE_V8_COVERAGE and writes what it ran. The variable is set here, after
// the worker itself has started, because the worker's own coverage is collected by jest.

import { TestEnvironment } from 'jest-environment-node';

const folder = process.env['SALLYPORT_TEST_CHILD_COVERAGE'];
if (folder !== undefined) process.env['NODE_V8_COVERAGE'] = folder;

export default TestEnvironment;
