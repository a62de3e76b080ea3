/** Reads an answer of another server, whose length is that server's choice. */

export class AnswerTooLong extends Error {
  override name = 'AnswerTooLong';
}

/** Throws AnswerTooLong beyond `bytesMax`. */
export async function limitedText(chunks: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const kept: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > bytesMax) throw new AnswerTooLong(`the answer is longer than ${bytesMax} bytes`);
    kept.push(chunk);
  }
  return Buffer.concat(kept).toString();
}
