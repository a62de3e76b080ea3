/**
 * Loaded before a program (`node --import`): names of AWS lead to the edge, and a function finds what AWS's runtime for
 * Node puts into its global scope. Each part names the document by which AWS behaves so.
 */
import { request } from 'node:http';
import { Socket } from 'node:net';

/** Where the edge's TLS is, in the environment: machines reach it by another address than this one. */
const edge = () => ({ host: process.env.AWS_EDGE_HOST ?? '127.0.0.1', port: Number(process.env.AWS_EDGE_PORT) });
/** Where the edge wants the answer, in the event's headers. */
const answerHeader = 'x-edge-answer';

// AWS: "Service endpoints and quotas": every Region's name server knows these. Here they are the edge's.
const isNameOfAws = (host) => /^sts\.[a-z0-9-]+\.amazonaws\.com$|\.lambda-url\.[a-z0-9-]+\.on\.aws$/.test(host ?? '');
const connect = Socket.prototype.connect;
Socket.prototype.connect = function connectToEdge(...given) {
  const [first, ...rest] = Array.isArray(given[0]) ? given[0] : given;
  if (!isNameOfAws(first?.host)) return connect.apply(this, given);
  return connect.call(this, { ...first, ...edge() }, ...rest);
};

// AWS: "Response streaming for Lambda functions": awslambda.streamifyResponse, awslambda.HttpResponseStream.from. An event
// without the edge's header comes from somewhere that does not stream.
function openAnswer(event) {
  const port = Number(event.headers[answerHeader].split('/')[0]);
  const path = `/${event.headers[answerHeader].split('/')[1]}`;
  delete event.headers[answerHeader];
  // Its own connection: the edge may just be closing one that was kept.
  const stream = request({ host: '127.0.0.1', port, path, method: 'POST', agent: false });
  const { promise, resolve, reject } = Promise.withResolvers();
  stream.on('response', (response) => response.resume().on('end', resolve));
  stream.on('error', reject);
  // It may fail before the handler has come to its end.
  promise.catch(() => undefined);
  return { stream, answered: promise };
}

globalThis.awslambda = {
  streamifyResponse: (handler) => async (event, context) => {
    const { stream, answered } = openAnswer(event);
    await handler(event, stream, context);
    await answered;
  },
  HttpResponseStream: {
    from(stream, head) {
      stream.setHeader('x-edge-head', Buffer.from(JSON.stringify(head)).toString('base64'));
      stream.flushHeaders();
      return stream;
    },
  },
};
