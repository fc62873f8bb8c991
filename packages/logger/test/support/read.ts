import { generateRecipient } from '../../src/keys.js';
import { type Finding, openLog, type RecordEntry, type Totals } from '../../src/reader.js';
import type { Content } from '../../src/record.js';

/** One for all tests: making a key takes a while in a guest. */
export const RECIPIENT = generateRecipient();

export interface ReadLog {
  records: RecordEntry[];
  findings: Finding[];
  totals: Totals;
}

export async function readLog(
  files: readonly string[],
  options: { logId?: string; key?: string; threads?: number } = {},
): Promise<ReadLog> {
  const log = openLog({ key: RECIPIENT.privatePem, files, ...options });
  const records: RecordEntry[] = [];
  const findings: Finding[] = [];
  for await (const entry of log) {
    if (entry.kind === 'record') records.push(entry);
    else findings.push(entry);
  }
  return { records, findings, totals: log.totals };
}

type ContentOf<T> = Extract<Content, { type: T }>;

/** What events of a type say, in the order of the log. */
export function contentsOf<T extends Content['type']>(
  records: readonly RecordEntry[],
  type: T,
): ContentOf<T>[] {
  return records
    .map(({ content }) => content)
    .filter((content): content is ContentOf<T> => content.type === type);
}
