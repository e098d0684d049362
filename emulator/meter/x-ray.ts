/** The trace that an X-Ray header names: `1-65c66b0f-0123456789abcdef01234567`; undefined for what is none. */
export function rootOf(header: string | undefined): string | undefined {
  return header && /(?:^|;)\s*root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;|$)/i.exec(header)?.[1];
}

/** The invocation that an X-Ray header comes from: every one has a parent of its own. */
export function parentOf(header: string | undefined): string | undefined {
  return header && /(?:^|;)\s*parent=([0-9a-f]{16})(?:;|$)/i.exec(header)?.[1];
}
