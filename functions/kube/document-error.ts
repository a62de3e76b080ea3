/** A body that cannot be read as a document of its media type: the text of Go's reader, without the name of the body. */
import { StatusError } from './status-error.ts';

export class DocumentError extends StatusError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(400, 'BadRequest', message, options);
    this.name = 'DocumentError';
  }
}
