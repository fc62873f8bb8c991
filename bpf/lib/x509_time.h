/* SPDX-License-Identifier: GPL-2.0-only */
/* Times as RFC 5280, 4.1.2.5 writes them: UTCTime until 2049, GeneralizedTime from 2050 on. */
#pragma once

#include "x509_types.h"

#define SECONDS_PER_DAY 86400

struct x509_date {
	__u32 year, month, day, hour, minute, second;
	__u32 is_wrong;
};

INLINE __u32 x509_digits(const struct message *m, __u32 at, struct x509_date *date)
{
	__u32 high = der_byte(m, at) - '0', low = der_byte(m, at + 1) - '0';

	date->is_wrong |= (high > 9) | (low > 9);
	return high * 10 + low;
}

#define X509_EPOCH_DAYS 719468 /* 1970-01-01 */

/* Days from 0000-03-01 on: a year begins in March, so that leap days end it. */
INLINE __u64 x509_days(const struct x509_date *date)
{
	__u64 is_early = date->month <= 2, year = date->year - is_early;
	__u64 month = date->month + (is_early ? 9 : -3);

	return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + date->day -
	       1;
}

INLINE __u32 x509_days_of_month(const struct x509_date *date)
{
	bool is_leap = date->year % 4 == 0 && (date->year % 100 || date->year % 400 == 0);

	if (date->month == 2)
		return 28 + is_leap;
	return 30 + ((date->month + (date->month > 7)) & 1);
}

INLINE bool x509_is_date(const struct x509_date *date)
{
	return !date->is_wrong && date->month - 1 < 12 &&
	       date->day - 1 < x509_days_of_month(date) && date->hour < 24 && date->minute < 60 &&
	       date->second < 60;
}

/* The year, and where its digits end. */
INLINE __u32 x509_year(const struct message *m, const struct der *r, struct x509_date *date)
{
	__u32 year = x509_digits(m, r->start, date), at = r->start + 2;

	if (r->tag == DER_UTC_TIME) {
		date->year = year < 50 ? 2000 + year : 1900 + year;
		date->is_wrong |= der_length(r) != 13;
		return at;
	}
	date->year = year * 100 + x509_digits(m, at, date);
	date->is_wrong |= r->tag != DER_TIME || der_length(r) != 15 || date->year < 2050;
	return at + 2;
}

/* Reads a time, as Unix time in seconds; before 1970, *seconds stays as it is. Returns 0. */
NO_INLINE int x509_time(const struct message *m, struct der *r, __u64 *seconds)
{
	struct x509_date date = {};
	__u64 days;
	__u32 at;

	if (!m || !r || !seconds)
		return 0;
	if (!r->reason && r->at >= r->end)
		r->reason = DROP_CERT_TIME;
	der_next(m, r);
	at = x509_year(m, r, &date);
	date.month = x509_digits(m, at, &date);
	date.day = x509_digits(m, at + 2, &date);
	date.hour = x509_digits(m, at + 4, &date);
	date.minute = x509_digits(m, at + 6, &date);
	date.second = x509_digits(m, at + 8, &date);
	if (!x509_is_date(&date) || der_byte(m, at + 10) != 'Z')
		der_refuse(r, DROP_CERT_TIME);
	days = x509_days(&date);
	if (days >= X509_EPOCH_DAYS)
		*seconds = (days - X509_EPOCH_DAYS) * SECONDS_PER_DAY + date.hour * 3600 +
			   date.minute * 60 + date.second;
	return 0;
}
