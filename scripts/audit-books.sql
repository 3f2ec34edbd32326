-- An audit of the books that runs none of our code:   sqlite3 -readonly books.db <scripts/audit-books.sql
-- Every figure that a message gave is added up again from its postings. A line is printed for each thing that
-- does not hold, then the trial balance, then how much was looked at. Tables: docs/formats/books.md.
.mode list
.separator ' | '

CREATE TEMP VIEW entry_sum AS
  SELECT message, reversal, currency, sum(amount_minor) AS amount FROM postings GROUP BY 1, 2, 3;

-- What the postings of a closing say of the figures that stand beside them.
CREATE TEMP VIEW figures AS
  SELECT message,
    sum(CASE WHEN (account IN (1000, 1010, 1020, 5910) AND code > 0)
               OR (account IN (2400, 2410, 2420) AND code >= -1) THEN amount_minor ELSE 0 END) AS by_tenders,
    -sum(CASE WHEN (account = 4000 AND code > -1)
               OR (account = 2200 AND code > -1000) THEN amount_minor ELSE 0 END) AS by_taxes,
    sum(CASE WHEN account = 4090 THEN amount_minor ELSE 0 END) AS discount,
    sum(CASE WHEN account = 1000 AND code = -1 THEN amount_minor ELSE 0 END) AS over_short
  FROM postings WHERE reversal = 0 GROUP BY message;

-- What the operators of a closing did together.
CREATE TEMP VIEW operators_sum AS
  SELECT message, sum(sales) AS by_sales, sum(net_minor) AS by_operators, sum(discount_minor) AS by_discount,
    sum(refunds) AS by_refunds, sum(refunded_minor) AS by_refunded
  FROM operators GROUP BY message;

CREATE TEMP VIEW wrong AS
  SELECT 'an entry does not balance' AS what, message AS number, amount AS difference
    FROM entry_sum WHERE amount <> 0
  UNION ALL
  SELECT 'net is not what the tenders come to', number, net_minor - coalesce(by_tenders, 0)
    FROM messages LEFT JOIN figures ON message = number
    WHERE kind = 2 AND state IN (1, 2, 3, 7) AND net_minor <> coalesce(by_tenders, 0)
  UNION ALL
  SELECT 'net is not what the taxes come to', number, net_minor - coalesce(by_taxes, 0)
    FROM messages LEFT JOIN figures ON message = number
    WHERE kind = 2 AND state IN (1, 2, 3, 7) AND net_minor <> coalesce(by_taxes, 0)
  UNION ALL
  SELECT 'the discount is another', number, discount_minor - coalesce(discount, 0)
    FROM messages LEFT JOIN figures ON message = number
    WHERE kind = 2 AND state IN (1, 2, 3, 7) AND discount_minor <> coalesce(discount, 0)
  UNION ALL
  SELECT 'operators took more, or less, than all of the net', number, net_minor - by_operators
    FROM messages JOIN operators_sum ON message = number
    WHERE parts = 1 AND by_sales = sales AND by_refunds = refunds AND net_minor <> by_operators
  UNION ALL
  SELECT 'operators gave another discount', number, discount_minor - by_discount
    FROM messages JOIN operators_sum ON message = number
    WHERE parts = 1 AND by_sales = sales AND by_refunds = refunds AND discount_minor <> by_discount
  UNION ALL
  SELECT 'operators gave back more, or less', number, refunded_minor - by_refunded
    FROM messages JOIN operators_sum ON message = number
    WHERE parts = 1 AND (by_refunded > refunded_minor OR by_refunds = refunds AND by_refunded <> refunded_minor)
  UNION ALL
  SELECT 'operators made more sales', number, sales - by_sales
    FROM messages JOIN operators_sum ON message = number WHERE parts = 1 AND by_sales > sales
  UNION ALL
  SELECT 'operators made more refunds', number, refunds - by_refunds
    FROM messages JOIN operators_sum ON message = number WHERE parts = 1 AND by_refunds > refunds
  UNION ALL
  SELECT 'operators of a message that must not be posted', message, 0
    FROM operators LEFT JOIN messages ON number = message WHERE state IS NULL OR state NOT IN (1, 2, 3, 7)
  UNION ALL
  SELECT 'definitions of a message that must not be posted', message, 0
    FROM definitions LEFT JOIN messages ON number = message
    WHERE state IS NULL OR state NOT IN (1, 2, 3, 7) OR kind NOT IN (1, 2)
  UNION ALL
  SELECT 'deliveries of a message that must not be posted', message, 0
    FROM deliveries LEFT JOIN messages ON number = message
    WHERE state IS NULL OR state NOT IN (1, 2, 3, 7) OR messages.kind <> 1
  UNION ALL
  SELECT 'keys asked for by what is no posted opening', message, 0
    FROM key_requests LEFT JOIN messages ON number = message
    WHERE state IS NULL OR state NOT IN (1, 2, 3, 7) OR kind <> 1
  UNION ALL
  SELECT 'products decided by what is no such bulletin', message, 0
    FROM decided LEFT JOIN messages ON number = message WHERE kind IS NULL OR kind NOT IN (5, 6)
  UNION ALL
  SELECT 'over and short is another', number, over_short_minor - coalesce(over_short, 0)
    FROM messages LEFT JOIN figures ON message = number
    WHERE kind = 2 AND state IN (1, 2, 3, 7) AND over_short_minor <> coalesce(over_short, 0)
  UNION ALL
  SELECT 'posted in another currency', number, 0
    FROM messages JOIN postings ON message = number WHERE messages.currency <> postings.currency
  UNION ALL
  SELECT 'a contradicted message is not reversed whole', message, sum(amount_minor)
    FROM postings JOIN messages ON number = message
    WHERE state IN (3, 7) GROUP BY message, account, code HAVING sum(amount_minor) <> 0
  UNION ALL
  SELECT 'reversed, though nothing contradicts it', message, 0
    FROM postings JOIN messages ON number = message WHERE reversal = 1 AND state NOT IN (3, 7)
  UNION ALL
  SELECT 'posted, though it must not be', message, 0
    FROM postings LEFT JOIN messages ON number = message WHERE state IS NULL OR state NOT IN (1, 2, 3, 7)
  UNION ALL
  SELECT 'a move is not reversed whole', message, sum(CASE reversal WHEN 0 THEN thousandths ELSE -thousandths END)
    FROM moves JOIN messages ON number = message
    WHERE state IN (3, 7) GROUP BY message, product, min(from_place, to_place), max(from_place, to_place)
    HAVING sum(CASE reversal WHEN 0 THEN thousandths ELSE -thousandths END) <> 0;

SELECT 'wrong', what, 'till ' || store || '/' || till || ' epoch ' || epoch || ' sequence ' || sequence,
       'by ' || difference
  FROM wrong LEFT JOIN messages USING (number) ORDER BY store, till, epoch, sequence, what;
SELECT 'wrong', 'the trial balance of ' || currency || ' does not come to zero', sum(amount_minor)
  FROM postings GROUP BY currency HAVING sum(amount_minor) <> 0;

SELECT 'balance', account, currency, sum(amount_minor) FROM postings GROUP BY account, currency ORDER BY 2, 3;
SELECT 'operators', store, operator, messages.currency, sum(operators.sales) || ' sales', sum(operators.net_minor)
  FROM operators JOIN messages ON number = message WHERE state < 3 GROUP BY 2, 3, 4 ORDER BY 2, 3, 4;
SELECT 'looked at', (SELECT count(*) FROM messages) || ' messages',
       (SELECT count(*) FROM postings) || ' postings', (SELECT count(*) FROM moves) || ' moves',
       (SELECT count(*) FROM wrong) || ' wrong';
