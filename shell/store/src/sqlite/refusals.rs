//! Refusals in SQL.
//!
//! Knows the table and that it is bounded. Every function runs within the caller's transaction.

use rusqlite::{Connection, named_params, params};

use crate::{Kept, RefusalRecord, StoreError};

pub(super) fn keep(
    connection: &Connection,
    refusals: &[RefusalRecord],
    kept_max: u32,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO refusals (request_id, time_unix_secs, cause, told, status, scheme, route, method, path, peer,
             user_agent, steps, host, subject, account, key_id, detail)
         VALUES (:request_id, :time, :cause, :told, :status, :scheme, :route, :method, :path, :peer, :user_agent, :steps,
             :host, :subject, :account, :key_id, :detail)
         ON CONFLICT (request_id) DO NOTHING",
    )?;
    for refusal in refusals {
        statement.execute(named_params! {
            ":request_id": refusal.request_id,
            ":time": refusal.time_unix_secs,
            ":cause": refusal.cause,
            ":told": refusal.told,
            ":status": refusal.status,
            ":scheme": refusal.scheme,
            ":route": refusal.route,
            ":method": refusal.method,
            ":path": refusal.path,
            ":peer": refusal.peer,
            ":user_agent": refusal.user_agent,
            ":steps": refusal.steps,
            ":host": refusal.host,
            ":subject": refusal.subject,
            ":account": refusal.account,
            ":key_id": refusal.key_id,
            ":detail": refusal.detail,
        })?;
    }
    // Positions are given in sequence, so this is the number of rows without counting them.
    connection
        .prepare_cached(
            "DELETE FROM refusals WHERE position <= (SELECT max(position) FROM refusals) - ?1",
        )?
        .execute(params![kept_max])?;
    Ok(())
}

pub(super) fn find(
    connection: &Connection,
    request_id: &str,
) -> Result<Option<RefusalRecord>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT request_id, time_unix_secs, cause, told, status, scheme, route, method, path, peer, user_agent, steps,
             host, subject, account, key_id, detail
         FROM refusals WHERE request_id = ?1",
    )?;
    let mut rows = statement.query([request_id])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(RefusalRecord {
        request_id: row.get(0)?,
        time_unix_secs: row.get(1)?,
        cause: row.get(2)?,
        told: row.get(3)?,
        status: row.get(4).map_err(|_| StoreError::Malformed {
            record: Kept::Refusal,
        })?,
        scheme: row.get(5)?,
        route: row.get(6)?,
        method: row.get(7)?,
        path: row.get(8)?,
        peer: row.get(9)?,
        user_agent: row.get(10)?,
        steps: row.get(11)?,
        host: row.get(12)?,
        subject: row.get(13)?,
        account: row.get(14)?,
        key_id: row.get(15)?,
        detail: row.get(16)?,
    }))
}
