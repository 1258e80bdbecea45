/** The form an address is stored and looked up in: the same mailbox is the same text. */
export function normaliseEmail(email: string): string {
  return email.trim().normalize('NFKC').toLowerCase();
}
