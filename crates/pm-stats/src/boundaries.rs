//! The mantissas at which a power of two is cut into 128 buckets.
//!
//! Entry j holds the 52 mantissa bits of 2^(j/128), rounded down; they were computed with 60 decimal
//! digits. A table, and not `exp2` at start-up, because a bucket's edge must be the same on every machine
//! whose results are merged, and mathematics libraries differ in the last bit.

pub(crate) const MANTISSAS: [u64; 128] = [
    0x0_0000_0000_0000,
    0x0_163d_a9fb_3335,
    0x0_2c9a_3e77_8060,
    0x0_4315_e86e_7f84,
    0x0_59b0_d315_8574,
    0x0_706b_29dd_f6dd,
    0x0_8745_1875_9bc8,
    0x0_9e3e_cac6_f383,
    0x0_b558_6cf9_890f,
    0x0_cc92_2b72_47f7,
    0x0_e3ec_32d3_d1a2,
    0x0_fb66_affe_d31a,
    0x1_1301_d012_5b50,
    0x1_2abd_c06c_31cb,
    0x1_429a_aea9_2ddf,
    0x1_5a98_c8a5_8e51,
    0x1_72b8_3c7d_517a,
    0x1_8af9_388c_8de9,
    0x1_a35b_eb6f_cb75,
    0x1_bbe0_8404_5cd3,
    0x1_d487_3168_b9aa,
    0x1_ed50_22fc_d91c,
    0x2_063b_8862_8cd6,
    0x2_1f49_917d_dc96,
    0x2_387a_6e75_6238,
    0x2_51ce_4fb2_a63f,
    0x2_6b45_65e2_7cdd,
    0x2_84df_e1f5_6380,
    0x2_9e9d_f51f_dee1,
    0x2_b87f_d0da_d98f,
    0x2_d285_a6e4_030b,
    0x2_ecaf_a93e_2f56,
    0x3_06fe_0a31_b715,
    0x3_2170_fc4c_d831,
    0x3_3c08_b264_16ff,
    0x3_56c5_5f92_9ff0,
    0x3_71a7_373a_a9ca,
    0x3_8cae_6d05_d865,
    0x3_a7db_34e5_9ff6,
    0x3_c32d_c313_a8e4,
    0x3_dea6_4c12_3422,
    0x3_fa45_04ac_801b,
    0x4_160a_21f7_2e29,
    0x4_31f5_d950_a896,
    0x4_4e08_6061_892d,
    0x4_6a41_ed1d_0057,
    0x4_86a2_b5c1_3cd0,
    0x4_a32a_f0d7_d3de,
    0x4_bfda_d536_2a27,
    0x4_dcb2_99fd_dd0d,
    0x4_f9b2_769d_2ca6,
    0x5_16da_a2cf_6641,
    0x5_342b_569d_4f81,
    0x5_51a4_ca5d_920e,
    0x5_6f47_36b5_27da,
    0x5_8d12_d497_c7fd,
    0x5_ab07_dd48_5429,
    0x5_c926_8a59_46b7,
    0x5_e76f_15ad_2148,
    0x6_05e1_b976_dc08,
    0x6_247e_b03a_5584,
    0x6_4346_34cc_c31f,
    0x6_6238_8255_2224,
    0x6_8155_d44c_a973,
    0x6_a09e_667f_3bcc,
    0x6_c012_750b_dabe,
    0x6_dfb2_3c65_1a2e,
    0x6_ff7d_f951_9483,
    0x7_1f75_e8ec_5f73,
    0x7_3f9a_48a5_8173,
    0x7_5feb_5642_67c8,
    0x7_8069_4fde_5d3f,
    0x7_a114_73eb_0186,
    0x7_c1ed_0130_c132,
    0x7_e2f3_36cf_4e62,
    0x8_0427_543e_1a11,
    0x8_2589_994c_ce12,
    0x8_471a_4623_c7ac,
    0x8_68d9_9b44_92ec,
    0x8_8ac7_d98a_6699,
    0x8_ace5_422a_a0db,
    0x8_cf32_16b5_448b,
    0x8_f1ae_9915_7736,
    0x9_145b_0b91_ffc5,
    0x9_3737_b0cd_c5e4,
    0x9_5a44_cbc8_520e,
    0x9_7d82_9fde_4e4f,
    0x9_a0f1_70ca_07b9,
    0x9_c491_82a3_f090,
    0x9_e863_19e3_2323,
    0xa_0c66_7b5d_e564,
    0xa_309b_ec4a_2d33,
    0xa_5503_b23e_255c,
    0xa_799e_1330_b358,
    0xa_9e6b_5579_fdbf,
    0xa_c36b_bfd3_f379,
    0xa_e89f_995a_d3ad,
    0xb_0e07_298d_b665,
    0xb_33a2_b84f_15fa,
    0xb_5972_8de5_5939,
    0xb_7f76_f2fb_5e46,
    0xb_a5b0_30a1_0649,
    0xb_cc1e_904b_c1d2,
    0xb_f2c2_5bd7_1e08,
    0xc_199b_dd85_529c,
    0xc_40ab_5fff_d07a,
    0xc_67f1_2e57_d14b,
    0xc_8f6d_9406_e7b5,
    0xc_b720_dcef_9069,
    0xc_df0b_555d_c3f9,
    0xd_072d_4a07_897b,
    0xd_2f87_080d_89f1,
    0xd_5818_dcfb_a487,
    0xd_80e3_16c9_8397,
    0xd_a9e6_03db_3285,
    0xd_d321_f301_b460,
    0xd_fc97_337b_9b5e,
    0xe_2646_14f5_a128,
    0xe_502e_e78b_3ff6,
    0xe_7a51_fbc7_4c83,
    0xe_a4af_a2a4_90d9,
    0xe_cf48_2d8e_67f0,
    0xe_fa1b_ee61_5a27,
    0xf_252b_376b_ba97,
    0xf_5076_5b6e_4540,
    0xf_7bfd_ad9c_be13,
    0xf_a7c1_819e_90d8,
    0xf_d3c2_2b8f_71f1,
];

/// How many of the highest bits of a mantissa say in which cell it lies. A cell is narrower than any bucket, so
/// that at most one edge lies inside of it.
const CELL_BITS: u32 = 8;
const BELOW_CELL: u32 = 52 - CELL_BITS;

/// For each cell, how many edges lie below all of it.
const BELOW: [u8; 1 << CELL_BITS] = {
    let mut below = [0; 1 << CELL_BITS];
    let (mut cell, mut edges) = (0, 0);
    while cell < below.len() {
        while edges < MANTISSAS.len() && MANTISSAS[edges] < (cell as u64) << BELOW_CELL {
            edges += 1;
        }
        below[cell] = edges as u8;
        cell += 1;
    }
    below
};

/// How many edges are less than `mantissa`, which has 52 bits.
#[inline]
pub(crate) fn edges_below(mantissa: u64) -> i32 {
    let below = BELOW[(mantissa >> BELOW_CELL) as usize];
    i32::from(below) + i32::from(MANTISSAS.get(usize::from(below)).is_some_and(|&edge| edge < mantissa))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[expect(clippy::cast_possible_wrap, reason = "at most 128")]
    fn searched(mantissa: u64) -> i32 {
        MANTISSAS.partition_point(|&edge| edge < mantissa) as i32
    }

    #[test]
    fn the_table_and_a_search_agree_at_every_edge_and_beside_it() {
        let cells = (0..1_u64 << CELL_BITS).map(|cell| cell << BELOW_CELL);
        for edge in MANTISSAS.into_iter().chain(cells) {
            for mantissa in [edge.saturating_sub(1), edge, edge + 1] {
                assert_eq!(edges_below(mantissa), searched(mantissa), "{mantissa:x}");
            }
        }
        assert_eq!(edges_below((1 << 52) - 1), 128);
    }

    proptest! {
        #[test]
        fn the_table_and_a_search_agree(mantissa in 0..1_u64 << 52) {
            prop_assert_eq!(edges_below(mantissa), searched(mantissa));
        }
    }
}
