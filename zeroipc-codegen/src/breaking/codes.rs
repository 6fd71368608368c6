//! The codes of changes; `docs/schema.md` §5 explains each.

use crate::diagnostic::Code;

pub(super) const FIELD_ADDED: Code = Code(401);
pub(super) const FIELD_REMOVED: Code = Code(402);
pub(super) const FIELD_MOVED: Code = Code(403);
pub(super) const RESIZED: Code = Code(404);
pub(super) const RETYPED: Code = Code(405);
pub(super) const LENGTH: Code = Code(406);
pub(super) const SIZE: Code = Code(407);
pub(super) const REPR: Code = Code(408);
pub(super) const IMPORTED: Code = Code(409);
pub(super) const SWAPPED: Code = Code(410);
pub(super) const FIELD_RENAMED: Code = Code(411);
pub(super) const UNIT: Code = Code(412);
pub(super) const VALUE_RENUMBERED: Code = Code(413);
pub(super) const VALUE_RENAMED: Code = Code(414);
pub(super) const CLOSED_ADDED: Code = Code(415);
pub(super) const CLOSED_REMOVED: Code = Code(416);
pub(super) const FLAVOUR: Code = Code(417);
pub(super) const CASE_ADDED: Code = Code(418);
pub(super) const CASE_REMOVED: Code = Code(419);
pub(super) const CASE_TYPE: Code = Code(420);
pub(super) const CASE_RENUMBERED: Code = Code(421);
pub(super) const CASE_RENAMED: Code = Code(422);
pub(super) const CASE_ORDER: Code = Code(423);
pub(super) const PAYLOAD: Code = Code(424);
pub(super) const TAKEN: Code = Code(425);

pub(super) const SEGMENT_REMOVED: Code = Code(430);
pub(super) const SEGMENT_PATH: Code = Code(431);
pub(super) const SEGMENT_SIZE: Code = Code(432);
pub(super) const STRUCTURE_ADDED: Code = Code(433);
pub(super) const STRUCTURE_REMOVED: Code = Code(434);
pub(super) const STRUCTURE_RENAMED: Code = Code(435);
pub(super) const STRUCTURE_KIND: Code = Code(436);
pub(super) const ELEMENT: Code = Code(437);
pub(super) const SHRUNK: Code = Code(438);
pub(super) const GROWN: Code = Code(439);
pub(super) const STRUCTURE_ORDER: Code = Code(440);
pub(super) const STRUCTURE_MOVED: Code = Code(441);
pub(super) const ALIGN_RAISED: Code = Code(442);

pub(super) const TYPE_RENAMED: Code = Code(450);
pub(super) const TYPE_REMOVED: Code = Code(451);
pub(super) const NAMESPACE: Code = Code(452);
pub(super) const CONST_CHANGED: Code = Code(453);
pub(super) const CONST_REMOVED: Code = Code(454);
pub(super) const NAME: Code = Code(455);
pub(super) const VALUE_REMOVED: Code = Code(456);
pub(super) const ALIAS: Code = Code(457);
pub(super) const ACCESSOR: Code = Code(458);
pub(super) const SCHEMA_REMOVED: Code = Code(459);

pub(super) const TYPE_ADDED: Code = Code(460);
pub(super) const CONST_ADDED: Code = Code(461);
pub(super) const VALUE_ADDED: Code = Code(462);
pub(super) const SEGMENT_ADDED: Code = Code(463);
pub(super) const SCHEMA_ADDED: Code = Code(464);
pub(super) const UNIT_KNOWN: Code = Code(465);
pub(super) const ALIGN_LOWERED: Code = Code(466);
pub(super) const DOC: Code = Code(467);
pub(super) const DEFAULT: Code = Code(468);
pub(super) const RANGE: Code = Code(469);
pub(super) const NULL: Code = Code(470);
pub(super) const DEPRECATION: Code = Code(471);
pub(super) const EXTRA: Code = Code(472);
pub(super) const THROUGH: Code = Code(473);
pub(super) const LEFT_OUT: Code = Code(474);

/// A lock file that cannot be read.
pub(super) const LOCK: Code = Code(490);
/// A line of an accept file that fits no change.
pub(super) const USELESS: Code = Code(491);
