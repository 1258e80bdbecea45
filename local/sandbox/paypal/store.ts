import { type Answer, Store, type StoreOptions } from '../store';

export interface Money {
  currency_code: string;
  value: string;
}

interface Common {
  id: string;
  amount: Money;
  custom_id?: string;
  create_time: string;
  update_time: string;
}

export interface Order extends Common {
  object: 'order';
  reference_id: string;
  invoice_id?: string;
  status: 'CREATED' | 'COMPLETED';
}

export interface Authorization extends Common {
  object: 'authorization';
  order_id: string;
  status: 'CREATED' | 'CAPTURED' | 'DENIED' | 'VOIDED';
  expiration_time: string;
}

export interface Capture extends Common {
  object: 'capture';
  order_id: string;
  authorization_id: string;
  status: 'COMPLETED' | 'PARTIALLY_REFUNDED' | 'REFUNDED';
}

export interface Refund extends Common {
  object: 'refund';
  capture_id: string;
  note_to_payer?: string;
  status: 'COMPLETED';
}

type Thing = Order | Authorization | Capture | Refund | Answer;

const kinds = ['order', 'authorization', 'capture', 'refund', 'answer'] as const;

export class PayPalStore extends Store<Thing> {
  constructor({ limit, folder }: Pick<StoreOptions<Thing['object']>, 'limit' | 'folder'>) {
    super({ name: 'paypal', kinds, limit, folder });
  }
}
