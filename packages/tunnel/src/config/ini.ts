import { BpfError } from '@cryptbpf/core';

export type SectionName = 'Interface' | 'Peer';

export interface Entry {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

export interface Section {
  readonly name: SectionName;
  readonly line: number;
  readonly entries: readonly Entry[];
}

/** Says where it is; what else is known of the value is in the message. */
export function errorAt(line: number, message: string, cause?: unknown): BpfError {
  return new BpfError('ERR_BAD_VALUE', `line ${line}: ${message}`, { cause });
}

/** The sections of wg-quick's format: names in brackets, "key = value", comments from # on. Throws ERR_BAD_VALUE. */
export function readSections(text: string): Section[] {
  const sections: { name: SectionName; line: number; entries: Entry[] }[] = [];
  for (const [i, raw] of text.split('\n').entries()) {
    const line = i + 1;
    const content = raw.replace(/#.*/, '').trim();
    if (content === '') continue;
    if (content.startsWith('[')) {
      sections.push({ name: sectionName(content, line), line, entries: [] });
      continue;
    }
    const section = sections.at(-1);
    if (!section) throw errorAt(line, 'there is no section yet: begin with [Interface]');
    section.entries.push(readEntry(content, line));
  }
  return sections;
}

function sectionName(content: string, line: number): SectionName {
  const name = (['Interface', 'Peer'] as const).find(
    (each) => `[${each}]`.toLowerCase() === content.toLowerCase(),
  );
  if (name) return name;
  throw errorAt(line, `section ${content}: expected [Interface] or [Peer]`);
}

/** What is no entry may be a key that lost its name: it is not repeated in the message. */
function readEntry(content: string, line: number): Entry {
  const at = content.indexOf('=');
  if (at < 0) throw errorAt(line, 'expected "key = value"');
  return { key: content.slice(0, at).trim(), value: content.slice(at + 1).trim(), line };
}
