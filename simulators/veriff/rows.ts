// Rows of the Veriff twin as its tables hold them.

export type SessionRow = {
  id: string;
  created_ms: number;
  expires_ms: number;
  token: string;
  status: string;
  vendor_data: string | null;
  end_user_id: string | null;
  callback: string | null;
  person: string;
  document: string;
};

export type AttemptRow = {
  id: string;
  session: string;
  created_ms: number;
  submitted_ms: number | null;
  decided_ms: number | null;
  status: string;
  code: number | null;
  reason: string | null;
  reason_code: number | null;
};
