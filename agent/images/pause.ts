/**
 * The pause image, made here so that a node needs no registry for it. It holds one program without libc, which sleeps for
 * good. The program ignores SIGCHLD, so that the kernel reaps the orphans of a shared PID namespace.
 */
import { goArchitecture, imageTar } from './image-tar.ts';

const elfHeaderBytes = 64;
const programHeaderBytes = 56;
const loadAddress = 0x400000;

const machines: Readonly<Record<string, { readonly elf: number; readonly code: () => Buffer }>> = {
  amd64: { elf: 62, code: amd64Code },
  arm64: { elf: 183, code: arm64Code },
};

/** The kernel's `struct sigaction`: handler SIG_IGN, no flags, no restorer, empty mask. */
const ignoreAction = Buffer.from([1, ...Array<number>(31).fill(0)]);

function amd64Code(): Buffer {
  const instructions = [
    [0xb8, 13, 0, 0, 0], // mov eax, rt_sigaction
    [0xbf, 17, 0, 0, 0], // mov edi, SIGCHLD
    [0x48, 0x8d, 0x35, 23, 0, 0, 0], // lea rsi, [rip + 23]: the action, at offset 40
    [0x31, 0xd2], // xor edx, edx
    [0x41, 0xba, 8, 0, 0, 0], // mov r10d, 8
    [0x0f, 0x05], // syscall
    [0xb8, 34, 0, 0, 0], // again: mov eax, pause
    [0x0f, 0x05], // syscall
    [0xeb, 0xf7], // jmp again
    [0, 0, 0, 0],
  ];
  return Buffer.concat([Buffer.from(instructions.flat()), ignoreAction]);
}

function arm64Code(): Buffer {
  const movz = (register: number, value: number): number => (0xd2800000 | (value << 5) | register) >>> 0;
  const svc = 0xd4000001;
  const words = [
    movz(8, 134), // rt_sigaction
    movz(0, 17), // SIGCHLD
    (0x10000000 | (12 << 5) | 1) >>> 0, // adr x1, 12 words on: the action
    movz(2, 0),
    movz(3, 8),
    svc,
    movz(8, 73), // again: ppoll of nothing, without end
    movz(0, 0),
    movz(1, 0),
    movz(2, 0),
    movz(3, 0),
    svc,
    0x17fffffa, // b again
    0,
  ];
  const code = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) code.writeUInt32LE(word, index * 4);
  return Buffer.concat([code, ignoreAction]);
}

function elf(machine: number, code: Buffer): Buffer {
  const codeOffset = elfHeaderBytes + programHeaderBytes;
  const file = Buffer.alloc(codeOffset);
  file.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(loadAddress + codeOffset), 24); // entry
  file.writeBigUInt64LE(BigInt(elfHeaderBytes), 32); // program headers
  file.writeUInt16LE(elfHeaderBytes, 52);
  file.writeUInt16LE(programHeaderBytes, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // PT_LOAD
  file.writeUInt32LE(5, 68); // read, execute
  file.writeBigUInt64LE(BigInt(loadAddress), 80);
  file.writeBigUInt64LE(BigInt(loadAddress), 88);
  file.writeBigUInt64LE(BigInt(codeOffset + code.length), 96);
  file.writeBigUInt64LE(BigInt(codeOffset + code.length), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([file, code]);
}

export function pauseProgram(architecture: string = goArchitecture()): Buffer {
  const machine = machines[architecture];
  if (machine === undefined) throw new Error(`no pause program for ${architecture}`);
  return elf(machine.elf, machine.code());
}

export function pauseImageTar(name: string, architecture: string = goArchitecture()): Buffer {
  return imageTar({
    names: [name],
    architecture,
    config: { entrypoint: ['/pause'], user: '65535:65535' },
    files: [{ path: 'pause', mode: 0o755, content: pauseProgram(architecture) }],
  });
}
