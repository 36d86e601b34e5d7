import { parentPort } from 'node:worker_threads';
import { threadReady } from '../runtime/thread-pool.ts';
import { answerRequest, type ReadingRequest } from './requests.ts';

// Hostile text makes the parser find a hundred thousand errors, and nobody reads the stack of one.
Error.stackTraceLimit = 0;

parentPort?.on('message', (request: ReadingRequest) => parentPort?.postMessage(answerRequest(request)));
parentPort?.postMessage(threadReady);
